"""Load landing files into the event table of a source; see `Ingest`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.storagelevel import StorageLevel

from expectations.contract import ERASURE_REQUEST, SOURCES, Fate, Reason
from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.data_files import DATA_FILE
from spark_jobs.ingest.arrow import COPY, PACK, REQUEST, LandedFile, Reader
from spark_jobs.ingest.files import landing_names
from spark_jobs.ingest.settle import COPY_COLUMNS, PLACE, is_copy, judge_copies, named, with_fate

log = logging.getLogger(__name__)

# A pack is one row of a megabyte or more: Spark hands few of them at a time to a worker.
PACKS_PER_BATCH = "16"
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
        lake.event_table(settings, source)
        self.spark, self.settings, self.source = spark, settings, source
        self.columns = lake.event_schema(source).names
        self.path = lake.table_path(settings, f"{source}_events")
        self.reader = Reader(
            landing=str(settings.landing),
            source=source,
            currency=settings.currency,
            timezone=settings.timezone,
            schema=to_arrow_schema(lake.event_schema(source)),
            table=self.path,
        )

    def load_files(self) -> None:
        """Read the files that no earlier load has read, and those that could not be read and have changed since."""
        known = {row["file"]: row for row in lake.landing_files(self.settings, self.source)}
        new, mended = [], []
        for file in self._deliveries():
            before = known.get(file.name)
            if before is None:
                new.append(file)
            elif before["fate"] == Fate.UNREADABLE.value and (before["bytes"], before["modified_at"]) != (
                file.bytes,
                file.modified_at,
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
        lines = _by_file(self._history().where(chosen)).sortWithinPartitions("file")
        packs = self._mapped(lines, self.reader.pack_lines, PACK).persist(StorageLevel.MEMORY_AND_DISK)
        self._commit(packs, _summary(packs), self.reader, replaced=self._history().where(chosen))
        packs.unpersist()

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

    def _deliveries(self) -> Iterator[LandedFile]:
        """The landing files of the source; what is none is named and left alone."""
        folder = self.settings.landing / self.source
        if not folder.exists():
            log.warning("%s: no folder %s, nothing to read", self.source, folder)
            return
        for name, fault in landing_names(self.settings.landing, self.source):
            if fault:
                log.warning("%s %s and was left alone", name, fault)
                continue
            stat = (self.settings.landing / name).stat()
            yield LandedFile(name, stat.st_size, datetime.fromtimestamp(int(stat.st_mtime), UTC))

    def _load(self, files: list[LandedFile], *, replaces: bool = False) -> None:
        slots = _slots(files, self.spark.sparkContext.defaultParallelism)
        tasks = self.spark.range(0, len(slots), 1, len(slots))
        packs = self._mapped(tasks, replace(self.reader, slots=slots).pack_files, PACK).persist(StorageLevel.MEMORY_AND_DISK)
        summary = _summary(packs)
        for name in summary.unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        replaced = self._history().where(f.col("file").isin([file.name for file in files])) if replaces else None
        self._commit(packs, summary, replace(self.reader, unreadable=summary.unreadable), replaced=replaced)
        packs.unpersist()

    def _mapped(self, rows: DataFrame, method: Callable[[Any], Any], schema: pa.Schema) -> DataFrame:
        return rows.mapInArrow(method, from_arrow_schema(schema))

    def _restored(self, lines: DataFrame) -> DataFrame:
        """Lines (file, line, raw) classified anew with their raw bytes, read from the landing file where raw is null."""
        return self._mapped(_by_file(lines), self.reader.restore_lines, self.reader.schema)

    def _commit(self, packs: DataFrame, summary: Row, reader: Reader, *, replaced: DataFrame | None) -> None:
        """Settle persisted packs against one another and all history, and write their lines in one commit.

        Args:
            summary: of the packs, see `_summary`.
            reader: knows the unreadable files.
            replaced: lines of the table that those of the packs replace, at the same places.
        """
        people = self._requests().select("user_id")
        if summary.requests:
            asked = self._with_known_copies(self._mapped(packs, reader.requests, REQUEST), summary.requests, replaced)
            accepted = judge_copies(asked).where(f.col("new_fate") == Fate.ACCEPTED.value)
            people = people.union(accepted.select(f.col("persons")[0]))
        reader = replace(reader, people=[row.user_id for row in people.distinct().collect()])
        copies = self._with_known_copies(self._mapped(packs, reader.copies, COPY), summary.copies, replaced)
        judged = judge_copies(copies).where("new_fate != fate").persist()
        counts = {row.is_new: row["count"] for row in judged.groupBy("is_new").count().collect()}
        changes = f.collect_list(f.struct("file", "line", f.col("new_fate").alias("fate"), f.col("new_reason").alias("reason")))
        if counts.get(True):
            by_pack = judged.where("is_new").groupBy("pack").agg(changes.alias("changes"))
            packs = packs.join(f.broadcast(by_pack) if counts[True] < _BROADCAST_ROWS else by_pack, "pack", how="left")
        else:
            packs = packs.withColumn(
                "changes", f.lit(None).cast("array<struct<file:string,line:bigint,fate:string,reason:string>>")
            )
        packs = packs.select("pack", "lines", "changes")
        if replaced is None and not counts.get(False):
            files = self._mapped(packs, reader.write, DATA_FILE).collect()
            lake.commit_events(self.settings, self.source, files)
        else:
            changed = judged.where(~f.col("is_new"))
            lines = self._mapped(packs, reader.lines, reader.schema)
            self._merge(reduce(DataFrame.unionByName, [lines, *self._demoted(changed), self._promoted(changed)]))
        judged.unpersist()

    def _with_known_copies(self, copies: DataFrame, count: int, replaced: DataFrame | None) -> DataFrame:
        """New copies, at most `count`, and the table's copies of the same events, which have more columns; `is_new` tells."""
        copies = copies.withColumn("is_new", f.lit(True))
        if not lake.has_rows(self.settings, f"{self.source}_events"):
            return copies
        known = self._history().where(is_copy()).select(*COPY_COLUMNS).withColumn("is_new", f.lit(False))
        if replaced is not None:
            known = known.join(replaced.select(*PLACE), list(PLACE), how="left_anti")
        keys = copies.select("event_key")
        known = known.join(f.broadcast(keys) if count <= _BROADCAST_ROWS else keys, "event_key", how="left_semi")
        return copies.unionByName(known, allowMissingColumns=True)

    def _demoted(self, judged: DataFrame) -> list[DataFrame]:
        """Copies that are duplicates or conflicts now; a conflict keeps its raw line."""
        renamed = judged.withColumn("fate", f.col("new_fate")).withColumn("reason", f.col("new_reason"))
        duplicates = with_fate(renamed.where(f.col("fate") == Fate.DUPLICATE.value), Fate.DUPLICATE, self.columns)
        conflicts = renamed.where(f.col("fate") == Fate.QUARANTINED.value)
        raw = self._restored(conflicts.withColumn("raw", f.lit(None).cast("binary"))).select(*PLACE, "raw")
        return [duplicates, with_fate(conflicts.join(raw, list(PLACE), how="left"), Fate.QUARANTINED, self.columns)]

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
            parts = [with_fate(gone, Fate.ERASED, self.columns), *self._demoted(judged), self._promoted(judged)]
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


def _summary(packs: DataFrame) -> Row:
    """What packs hold: unreadable (names of files), requests and copies (numbers of lines); fills their cache."""
    unreadable = f.flatten(f.collect_list("unreadable")).alias("unreadable")
    numbers = (f.coalesce(f.sum(name), f.lit(0)).alias(name) for name in ("requests", "copies"))
    return packs.agg(unreadable, *numbers).collect()[0]


def _batches(files: list[LandedFile]) -> Iterator[list[LandedFile]]:
    """Files in the order of their names, in batches of about `_BYTES_PER_BATCH`."""
    batch: list[LandedFile] = []
    size = 0
    for file in sorted(files, key=lambda file: file.name):
        if batch and size + file.bytes > _BYTES_PER_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.bytes
    if batch:
        yield batch


def _slots(files: list[LandedFile], cores: int) -> list[list[LandedFile]]:
    """Files for tasks of about equal size; in the order of their names, so that a task sees few months."""
    total = sum(file.bytes for file in files)
    tasks = max(1, min(len(files), max(min(cores, total >> 20), total // _BYTES_PER_TASK)))
    slots: list[list[LandedFile]] = [[] for _ in range(tasks)]
    before = 0
    for file in files:
        slots[min(before * tasks // max(total, 1), tasks - 1)].append(file)
        before += file.bytes
    return slots


def _by_file(lines: DataFrame) -> DataFrame:
    return lines.groupBy("file").agg(f.sort_array(f.collect_list(f.struct("line", "raw"))).alias("lines"))


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
