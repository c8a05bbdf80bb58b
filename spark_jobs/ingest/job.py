"""Load landing files into the event table of a source; see `Ingest`."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.storagelevel import StorageLevel

from expectations.contract import ERASURE_REQUEST, SOURCES, Fate, Reason
from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.ingest.arrow import Reader
from spark_jobs.ingest.files import landing_file
from spark_jobs.ingest.settle import COPY_COLUMNS, PLACE, is_copy, judge_copies, named, repeated, with_fate

log = logging.getLogger(__name__)

_DERIVED = ("event_date", "event_month")  # of the event time, in the time zone of the business
_FILES = "file string, bytes bigint, modified_at timestamp"
_BYTES_PER_TASK = 16 << 20
_BYTES_PER_BATCH = 2 << 30
_BROADCAST_ROWS = 500_000
ERASED_PERSONS = "erased_persons"  # people whose lines have been removed from all event tables


class Ingest:
    """One source's loads into its event table. The caller holds `lake.one_writer`.

    Every batch of files is one commit: lines and their file's line 0 appear together or not at all. A file whose line 0 is
    in the table has been read and is never read again, so a batch that is repeated after a crash adds nothing.
    """

    def __init__(self, spark: SparkSession, settings: Settings, source: str):
        self.spark, self.settings, self.source = spark, settings, source
        self.tables = {name: lake.ensure_event_table(spark, settings, name) for name in SOURCES}
        self.table = self.tables[source]
        self.columns = self.table.toDF().columns
        self.landing = str(settings.landing)

    def load_new_files(self) -> None:
        """Read the files that no earlier load has seen; the streaming checkpoint remembers the rest."""
        folder = Path(self.landing) / self.source
        if not folder.is_dir():
            log.warning("%s: no folder %s, nothing to read", self.source, folder)
            return
        found = (
            self.spark.readStream.format("binaryFile")
            .schema("path string, modificationTime timestamp, length bigint, content binary")  # content is never read
            .option("recursiveFileLookup", "true")
            .option("maxFileAge", "36500d")  # copies keep their old time stamps; the default loses them without a word
            .option("maxBytesPerTrigger", str(_BYTES_PER_BATCH))
            .load(str(folder))
            .select("path", "length", "modificationTime")
        )
        query = (
            found.writeStream.trigger(availableNow=True)
            .option("checkpointLocation", f"{self.settings.lake}/_checkpoints/ingest_{self.source}")
            .foreachBatch(lambda batch, _: self._load_batch(batch))
            .start()
        )
        query.awaitTermination()

    def retry_unreadable_files(self) -> None:
        """Read again the files that could not be read, where they have changed since."""
        known = self._files(Fate.UNREADABLE).select("file", "bytes", "modified_at").collect()
        changed = []
        for row in known:
            path = Path(self.landing) / row.file
            if path.is_file() and (path.stat().st_size, int(path.stat().st_mtime)) != (row.bytes, int(row.modified_at.timestamp())):
                changed.append(_file_row(self.landing, row.file))
        if changed:
            self._load(changed, replaces=True)

    def replay(self, reasons: list[str], files: list[str]) -> None:
        """Classify quarantined lines anew, all or those of some reasons and files, as if they had come with their file."""
        chosen = (f.col("fate") == Fate.QUARANTINED.value) & (f.col("reason") != Reason.CONFLICTING_DUPLICATE.value)
        if reasons:
            chosen &= f.col("reason").isin(reasons)
        if files:
            chosen &= f.col("file").isin(files)
        places = self.table.toDF().where(chosen).select(*PLACE, "raw")
        lines = self._restored(places).persist(StorageLevel.MEMORY_AND_DISK)
        self._commit(lines, replaces=True)
        lines.unpersist()

    def erase(self) -> None:
        """Remove what is known of people whose erasure request was accepted since the last time, in every event table."""
        requests = self._requests()
        if lake.exists(self.spark, self.settings, ERASED_PERSONS):
            done = self.spark.read.format("delta").load(lake.table_path(self.settings, ERASED_PERSONS))
            requests = requests.join(done, "user_id", how="left_anti")
        requests = requests.persist()
        if not requests.isEmpty():
            for source in SOURCES:
                Ingest._erase_people(self if source == self.source else Ingest(self.spark, self.settings, source), requests)
            requests.write.format("delta").mode("append").save(lake.table_path(self.settings, ERASED_PERSONS))
        requests.unpersist()

    def _requests(self) -> DataFrame:
        events = self.tables["shop"].toDF()
        return events.where((f.col("fate") == Fate.ACCEPTED.value) & (f.col("event_type") == ERASURE_REQUEST)).select("user_id").distinct()

    def _files(self, fate: Fate) -> DataFrame:
        return self.table.toDF().where(f.col("fate") == fate.value)

    def _load_batch(self, batch: DataFrame) -> None:
        names = {row.path.removeprefix("file:").removeprefix("//").removeprefix(f"{self.landing}/"): row for row in batch.collect()}
        known = {row.file for row in self._files(Fate.READ).union(self._files(Fate.UNREADABLE)).select("file").collect()}
        files = []
        for name in sorted(names.keys() - known):
            if landing_file(name) is None:
                log.warning("%s is no delivery (<source>/dt=YYYY-MM-DD/*.jsonl[.gz|.zst]) and was left alone", name)
                continue
            files.append(_file_row(self.landing, name))
        if files:
            self._load(files)

    def _load(self, files: list[Row], *, replaces: bool = False) -> None:
        lines = self._read(files).persist(StorageLevel.MEMORY_AND_DISK)
        unreadable = [row.file for row in lines.where(f.col("fate") == Fate.UNREADABLE.value).select("file").collect()]
        for name in unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        whole = lines.where(~f.col("file").isin(unreadable) | (f.col("line") == 0)) if unreadable else lines
        self._commit(whole, replaces=replaces)
        lines.unpersist()

    def _reader(self) -> Reader:
        schema = t.StructType([field for field in self.table.toDF().schema if field.name not in _DERIVED])
        return Reader(self.landing, self.source, self.settings.currency, self.settings.timezone, to_arrow_schema(schema))

    def _read(self, files: list[Row]) -> DataFrame:
        """The lines of files and each file's line 0, spread over tasks of about equal size."""
        total = sum(row.bytes for row in files)
        cores = self.spark.sparkContext.defaultParallelism
        tasks = max(1, min(len(files), max(min(cores, total >> 20), total // _BYTES_PER_TASK)))
        slots: list[list[Row]] = [[] for _ in range(tasks)]
        for index, row in enumerate(sorted(files, key=lambda row: (-row.bytes, row.file))):
            lap, place = divmod(index, tasks)
            slots[place if lap % 2 == 0 else tasks - 1 - place].append(row)
        spread = self.spark.createDataFrame(self.spark.sparkContext.parallelize(slots, tasks).flatMap(list), _FILES)
        return self._dated(spread, self._reader().read_files)

    def _restored(self, places: DataFrame) -> DataFrame:
        """Single lines (file, line, raw or null) classified anew, with their raw bytes."""
        grouped = places.groupBy("file").agg(f.collect_list(f.struct("line", "raw")).alias("lines"))
        return self._dated(grouped, self._reader().restore_lines)

    def _dated(self, source: DataFrame, read: Any) -> DataFrame:
        schema = t.StructType([field for field in self.table.toDF().schema if field.name not in _DERIVED])
        date = f.to_date(f.from_utc_timestamp("event_time", self.settings.timezone))
        lines = source.mapInArrow(read, schema).withColumn("event_date", date)
        return lines.withColumn("event_month", f.date_format("event_date", "yyyy-MM")).select(self.columns)

    def _commit(self, lines: DataFrame, *, replaces: bool = False) -> None:
        """Settle persisted lines against one another and all history, and write them in one commit.

        Args:
            lines: classified lines with all columns.
            replaces: lines of the table at the same places are replaced.
        """
        history = self.table.toDF()
        is_first_load = self.table.detail().select("numFiles").first()[0] == 0
        parts = []
        people = self._requests()
        if not is_first_load or self.source != "shop":
            if not people.isEmpty():
                erased = named(lines, people).persist()
                parts.append(with_fate(lines.join(erased, list(PLACE), how="left_semi"), Fate.ERASED, self.columns))
                lines = lines.join(erased, list(PLACE), how="left_anti")
        copies = lines.where(is_copy()).select(*COPY_COLUMNS).withColumn("is_new", f.lit(True))
        if not is_first_load:
            known = history.where(is_copy()).select(*COPY_COLUMNS).withColumn("is_new", f.lit(False))
            if replaces:
                known = known.join(lines.select(*PLACE), list(PLACE), how="left_anti")
            copies = copies.unionByName(self._matching(known, copies))
        judged = judge_copies(repeated(copies)).where("new_fate != fate").persist()
        counts = {row.is_new: row["count"] for row in judged.groupBy("is_new").count().collect()}
        if counts.get(True):
            demoted = judged.where("is_new").drop("is_new")
            small = f.broadcast(demoted) if counts[True] < _BROADCAST_ROWS else demoted
            lines = lines.join(small.select(*PLACE), list(PLACE), how="left_anti")
            parts.extend(self._demoted(demoted))
        if counts.get(False):
            changed = judged.where(~f.col("is_new")).drop("is_new")
            parts.extend([*self._demoted(changed), self._promoted(changed)])
        result = reduce(DataFrame.unionByName, parts, lines)
        if replaces or counts.get(False):
            self._merge(result)
        else:
            order = [*lake.PARTITION_COLUMNS, "event_type", "event_time", *PLACE]
            result.sortWithinPartitions(*order).write.format("delta").mode("append").save(lake.table_path(self.settings, f"{self.source}_events"))
        judged.unpersist()

    def _matching(self, known: DataFrame, copies: DataFrame) -> DataFrame:
        """The known copies of the events in `copies`."""
        keys = copies.select("event_key").distinct()
        few = keys.limit(_BROADCAST_ROWS + 1).count() <= _BROADCAST_ROWS
        return known.join(f.broadcast(keys) if few else keys, "event_key", how="left_semi")

    def _demoted(self, judged: DataFrame) -> list[DataFrame]:
        """Copies that are duplicates or conflicts now; a conflict keeps its raw line."""
        renamed = judged.drop("fate").withColumn("fate", f.col("new_fate")).withColumn("reason", f.col("new_reason"))
        duplicates = with_fate(renamed.where(f.col("fate") == Fate.DUPLICATE.value), Fate.DUPLICATE, self.columns)
        conflicts = renamed.where(f.col("fate") == Fate.QUARANTINED.value)
        raw = self._restored(conflicts.select(*PLACE, f.lit(None).cast("binary").alias("raw"))).select(*PLACE, "raw")
        return [duplicates, with_fate(conflicts.join(raw, list(PLACE), how="left"), Fate.QUARANTINED, self.columns)]

    def _promoted(self, judged: DataFrame) -> DataFrame:
        """Copies that are accepted now, read again."""
        places = judged.where(f.col("new_fate") == Fate.ACCEPTED.value).select(*PLACE)
        raw = self.table.toDF().select(*PLACE, "raw").join(places, list(PLACE), how="left_semi")
        return self._restored(raw).withColumn("raw", f.lit(None).cast("binary"))

    def _erase_people(self, people: DataFrame) -> None:
        history = self.table.toDF()
        erased = named(history, people).persist()
        if not erased.isEmpty():
            gone = history.join(erased, list(PLACE), how="left_semi")
            keys = gone.where(is_copy()).select("event_key").distinct()
            others = history.where(is_copy()).join(erased, list(PLACE), how="left_anti").join(keys, "event_key", how="left_semi")
            judged = judge_copies(others.select(*COPY_COLUMNS)).where("new_fate != fate").persist()
            parts = [with_fate(gone, Fate.ERASED, self.columns), *self._demoted(judged), self._promoted(judged)]
            self._merge(reduce(DataFrame.unionByName, parts))
            judged.unpersist()
        erased.unpersist()

    def _merge(self, lines: DataFrame) -> None:
        """Write lines over those at the same places, or beside the others, in one commit."""
        (
            self.table.alias("old")
            .merge(lines.alias("new"), "old.file = new.file AND old.line = new.line")
            .whenMatchedUpdateAll()
            .whenNotMatchedInsertAll()
            .execute()
        )


def _file_row(landing: str, name: str) -> Row:
    """A row of `_FILES`."""
    stat = (Path(landing) / name).stat()
    return Row(file=name, bytes=stat.st_size, modified_at=datetime.fromtimestamp(int(stat.st_mtime), UTC))


def ingest(spark: SparkSession, settings: Settings, source: str) -> dict[str, Any]:
    """Load what is new of a source, and erase who asked for it; returns the report of the step."""
    with lake.one_writer(settings):
        job = Ingest(spark, settings, source)
        before = _fates(job)
        job.retry_unreadable_files()
        job.load_new_files()
        job.erase()
        after = _fates(job)
    gained = {fate: after.get(fate, 0) - before.get(fate, 0) for fate in after}
    lines = {fate.value: gained.get(fate.value, 0) for fate in (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED, Fate.ERASED)}
    return {"step": f"ingest_{source}", "rows_in": sum(lines.values()), "rows_out": lines["accepted"], **lines, "unreadable_files": after.get("unreadable", 0)}


def _fates(job: Ingest) -> dict[str, int]:
    return {row.fate: row["count"] for row in job.table.toDF().groupBy("fate").count().collect()}
