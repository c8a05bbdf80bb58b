"""Load landing files into the event table of a source; see `Ingest`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
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
from spark_jobs.ingest.files import landing_names
from spark_jobs.ingest.settle import COPY_COLUMNS, PLACE, is_copy, is_request, judge_copies, named, repeated, with_fate

log = logging.getLogger(__name__)

_DERIVED = ("event_date", "event_month")  # of the event time, in the time zone of the business
_FILES = "file string, bytes bigint, modified_at timestamp"
_BYTES_PER_TASK = 16 << 20
_BYTES_PER_BATCH = 2 << 30
_BROADCAST_ROWS = 500_000
_ERASED_PEOPLE = "erased_people"  # whose lines have been removed from all event tables


class Ingest:
    """One source's loads into its event table. The caller holds `lake.one_writer`.

    Every batch of files is one commit: lines and their file's line 0 appear together or not at all. A file whose line 0 is
    in the table has been read and is never read again, so a batch that is repeated after a crash adds nothing.
    """

    def __init__(self, spark: SparkSession, settings: Settings, source: str):
        lake.ensure_event_table(settings, source)
        self.spark, self.settings, self.source = spark, settings, source
        self.schema = lake.event_schema(source)
        self.path = lake.table_path(settings, f"{source}_events")

    def load_files(self) -> None:
        """Read the files that no earlier load has read, and those that could not be read and have changed since."""
        known = {row["file"]: row for row in lake.landing_files(self.settings, self.source)}
        new, mended = [], []
        for file in self._deliveries():
            before = known.get(file.file)
            if before is None:
                new.append(file)
            elif before["fate"] == Fate.UNREADABLE.value and (file.bytes, file.modified_at) != (
                before["bytes"],
                before["modified_at"],
            ):
                mended.append(file)
        for batch in _batches(mended):
            self._load(batch, replaces=True)
        for batch in _batches(new):
            self._load(batch)

    def replay(self, reasons: list[str], files: list[str]) -> None:
        """Classify quarantined lines anew, all or those of some reasons and files, as if they had come with their file."""
        chosen = (f.col("fate") == Fate.QUARANTINED.value) & (f.col("reason") != Reason.CONFLICTING_DUPLICATE.value)
        if reasons:
            chosen &= f.col("reason").isin(reasons)
        if files:
            chosen &= f.col("file").isin(files)
        raw_of_refused = f.when(f.col("fate") == Fate.QUARANTINED.value, f.col("raw"))
        lines = self._restored(self._history().where(chosen)).withColumn("raw", raw_of_refused)
        lines = lines.persist(StorageLevel.MEMORY_AND_DISK)
        self._commit(lines, replaces=True)
        lines.unpersist()

    def erase(self) -> None:
        """Remove what is known of people whose erasure request was accepted since the last time, in every event table."""
        people = self._requests().select("user_id").distinct()
        if lake.has_rows(self.settings, _ERASED_PEOPLE):
            done = self.spark.read.format("delta").load(lake.table_path(self.settings, _ERASED_PEOPLE))
            people = people.join(done, "user_id", how="left_anti")
        people = people.persist()
        if not people.isEmpty():
            for source in SOURCES:
                if lake.has_rows(self.settings, f"{source}_events"):
                    Ingest(self.spark, self.settings, source)._erase_people(people)
            people.write.format("delta").mode("append").save(lake.table_path(self.settings, _ERASED_PEOPLE))
        people.unpersist()

    def _history(self) -> DataFrame:
        return self.spark.read.format("delta").load(self.path)

    def _requests(self) -> DataFrame:
        """The accepted requests of people to be forgotten."""
        if not lake.has_rows(self.settings, "shop_events"):
            return self.spark.createDataFrame([], "user_id string")
        events = self.spark.read.format("delta").load(lake.table_path(self.settings, "shop_events"))
        return events.where((f.col("fate") == Fate.ACCEPTED.value) & (f.col("event_type") == ERASURE_REQUEST))

    def _deliveries(self) -> Iterator[Row]:
        """The landing files of the source as rows of `_FILES`; what is none is named and left alone."""
        folder = self.settings.landing / self.source
        if not folder.exists():
            log.warning("%s: no folder %s, nothing to read", self.source, folder)
            return
        for name, fault in landing_names(self.settings.landing, self.source):
            if fault:
                log.warning("%s %s and was left alone", name, fault)
                continue
            stat = (self.settings.landing / name).stat()
            # In seconds, which every file system keeps.
            modified_at = datetime.fromtimestamp(int(stat.st_mtime), UTC)
            yield Row(file=name, bytes=stat.st_size, modified_at=modified_at)

    def _load(self, files: list[Row], *, replaces: bool = False) -> None:
        lines = self._read(files).persist(StorageLevel.MEMORY_AND_DISK)
        unreadable = [row.file for row in lines.where(f.col("fate") == Fate.UNREADABLE.value).select("file").collect()]
        for name in unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        whole = lines.where(~f.col("file").isin(unreadable) | (f.col("line") == 0)) if unreadable else lines
        self._commit(whole, replaces=replaces)
        lines.unpersist()

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
        return self._classified(spread, lambda reader: reader.read_files)

    def _restored(self, lines: DataFrame) -> DataFrame:
        """Lines (file, line, raw) classified anew with their raw bytes, read from the landing file where raw is null."""
        grouped = lines.groupBy("file").agg(f.collect_list(f.struct("line", "raw")).alias("lines"))
        return self._classified(grouped, lambda reader: reader.restore_lines)

    def _classified(
        self, source: DataFrame, method: Callable[[Reader], Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]]
    ) -> DataFrame:
        schema = t.StructType([field for field in self.schema if field.name not in _DERIVED])
        reader = Reader(
            str(self.settings.landing), self.source, self.settings.currency, self.settings.timezone, to_arrow_schema(schema)
        )
        date = f.to_date(f.from_utc_timestamp("event_time", self.settings.timezone))
        lines = source.mapInArrow(method(reader), schema).withColumn("event_date", date)
        return lines.withColumn("event_month", f.date_format("event_date", "yyyy-MM")).select(self.schema.names)

    def _commit(self, lines: DataFrame, *, replaces: bool = False) -> None:
        """Settle persisted lines against one another and all history, and write them in one commit.

        Args:
            lines: classified lines with all columns.
            replaces: lines of the table at the same places are replaced.
        """
        parts = []
        people = self._people_to_forget(lines, replaces=replaces)
        if not people.isEmpty():
            erased = named(lines, people)
            parts.append(with_fate(lines.join(erased, list(PLACE), how="left_semi"), Fate.ERASED, self.schema.names))
            lines = lines.join(erased, list(PLACE), how="left_anti")
        copies = self._with_known_copies(lines.where(is_copy()), lines if replaces else None)
        judged = judge_copies(repeated(copies)).where("new_fate != fate").persist()
        counts = {row.is_new: row["count"] for row in judged.groupBy("is_new").count().collect()}
        if counts.get(True):
            demoted = judged.where("is_new")
            places = demoted.select(*PLACE)
            lines = lines.join(f.broadcast(places) if counts[True] < _BROADCAST_ROWS else places, list(PLACE), how="left_anti")
            parts.extend(self._demoted(demoted))
        if counts.get(False):
            changed = judged.where(~f.col("is_new"))
            parts.extend([*self._demoted(changed), self._promoted(changed)])
        settled = reduce(DataFrame.unionByName, parts, lines)
        if replaces or counts.get(False):
            self._merge(settled)
        else:
            order = (*lake.PARTITION_COLUMNS, "event_type", "event_time", *PLACE)
            settled.sortWithinPartitions(*order).write.format("delta").mode("append").save(self.path)
        judged.unpersist()

    def _people_to_forget(self, lines: DataFrame, *, replaces: bool) -> DataFrame:
        """Whose lines are erased: those with an accepted request in the lake or among `lines`."""
        people = self._requests().select("user_id")
        if self.source == "shop":
            copies = self._with_known_copies(lines.where(is_request()), lines if replaces else None)
            accepted = judge_copies(copies).where(f.col("new_fate") == Fate.ACCEPTED.value)
            people = people.union(accepted.select(f.col("persons")[0]))
        return people.distinct().persist()

    def _with_known_copies(self, lines: DataFrame, replaced: DataFrame | None) -> DataFrame:
        """`COPY_COLUMNS` of `lines` and of the table's copies of the same events, told apart by `is_new`."""
        copies = lines.select(*COPY_COLUMNS).withColumn("is_new", f.lit(True))
        if not lake.has_rows(self.settings, f"{self.source}_events"):
            return copies
        known = self._history().where(is_copy()).select(*COPY_COLUMNS).withColumn("is_new", f.lit(False))
        if replaced is not None:
            known = known.join(replaced.select(*PLACE), list(PLACE), how="left_anti")
        keys = copies.select("event_key").distinct()
        few = keys.limit(_BROADCAST_ROWS + 1).count() <= _BROADCAST_ROWS
        return copies.unionByName(known.join(f.broadcast(keys) if few else keys, "event_key", how="left_semi"))

    def _demoted(self, judged: DataFrame) -> list[DataFrame]:
        """Copies that are duplicates or conflicts now; a conflict keeps its raw line."""
        renamed = judged.withColumn("fate", f.col("new_fate")).withColumn("reason", f.col("new_reason"))
        duplicates = with_fate(renamed.where(f.col("fate") == Fate.DUPLICATE.value), Fate.DUPLICATE, self.schema.names)
        conflicts = renamed.where(f.col("fate") == Fate.QUARANTINED.value)
        raw = self._restored(conflicts.withColumn("raw", f.lit(None).cast("binary"))).select(*PLACE, "raw")
        return [duplicates, with_fate(conflicts.join(raw, list(PLACE), how="left"), Fate.QUARANTINED, self.schema.names)]

    def _promoted(self, judged: DataFrame) -> DataFrame:
        """Copies that are accepted now, read again."""
        places = judged.where(f.col("new_fate") == Fate.ACCEPTED.value).select(*PLACE)
        lines = self._restored(self._history().join(places, list(PLACE), how="left_semi"))
        return lines.withColumn("raw", f.lit(None).cast("binary"))

    def _erase_people(self, people: DataFrame) -> None:
        history = self._history()
        erased = named(history, people).persist()
        if not erased.isEmpty():
            gone = history.join(erased, list(PLACE), how="left_semi")
            keys = gone.where(is_copy()).select("event_key").distinct()
            left = history.where(is_copy()).join(erased, list(PLACE), how="left_anti").join(keys, "event_key", how="left_semi")
            judged = judge_copies(left.select(*COPY_COLUMNS)).where("new_fate != fate").persist()
            parts = [with_fate(gone, Fate.ERASED, self.schema.names), *self._demoted(judged), self._promoted(judged)]
            self._merge(reduce(DataFrame.unionByName, parts))
            judged.unpersist()
        erased.unpersist()

    def _merge(self, lines: DataFrame) -> None:
        """Write lines over those at the same places, or beside the others, in one commit."""
        (
            DeltaTable.forPath(self.spark, self.path)
            .alias("old")
            .merge(lines.alias("new"), "old.file = new.file AND old.line = new.line")
            .whenMatchedUpdateAll()
            .whenNotMatchedInsertAll()
            .execute()
        )


def _batches(files: list[Row]) -> Iterator[list[Row]]:
    """Files in the order of their names, in batches of about `_BYTES_PER_BATCH`."""
    batch: list[Row] = []
    size = 0
    for file in sorted(files, key=lambda file: file.file):
        if batch and size + file.bytes > _BYTES_PER_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.bytes
    if batch:
        yield batch


def ingest(spark: SparkSession, settings: Settings, source: str) -> dict[str, Any]:
    """Load what is new of a source, and erase who asked for it; returns the report of the step."""
    with lake.one_writer(spark, settings):
        job = Ingest(spark, settings, source)
        before = lake.row_counts(settings, f"{source}_events", "fate")
        job.load_files()
        job.erase()
        after = lake.row_counts(settings, f"{source}_events", "fate")
    return report(f"ingest_{source}", before, after)


def landed_rows(settings: Settings, source: str) -> int:
    """About how many lines lie in a source's landing folder: a compressed line takes some 40 bytes."""
    return sum(file.stat().st_size for file in (settings.landing / source).glob("*/*") if file.is_file()) // 40


def replay(spark: SparkSession, settings: Settings, source: str, reasons: list[str], files: list[str]) -> dict[str, Any]:
    """Classify quarantined lines anew after the contract was mended; returns the report of the step."""
    with lake.one_writer(spark, settings):
        job = Ingest(spark, settings, source)
        before = lake.row_counts(settings, f"{source}_events", "fate")
        job.replay(reasons, files)
        job.erase()
        after = lake.row_counts(settings, f"{source}_events", "fate")
    return report(f"replay_{source}", before, after)


def report(step: str, before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    """What a step changed: lines gained by fate."""
    fates = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED, Fate.ERASED)
    gained = {fate.value: after.get(fate, 0) - before.get(fate, 0) for fate in fates}
    return {
        "step": step,
        "rows_in": sum(gained.values()),
        "rows_out": gained[Fate.ACCEPTED],
        **gained,
        "files": after.get(Fate.READ, 0) - before.get(Fate.READ, 0),
        "unreadable_files": after.get(Fate.UNREADABLE, 0),
    }
