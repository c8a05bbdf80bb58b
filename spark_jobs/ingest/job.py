"""Load landing files into the event table of a source; see `Ingest`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from expectations.contract import ERASURE_REQUEST, SOURCES, Fate, Reason
from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.data_files import DATA_FILE, DataFile, slots
from spark_jobs.ingest.arrow import KEYS, PACK, LandedFile, Reader
from spark_jobs.ingest.files import landing_names
from spark_jobs.ingest.history import PLACES, History
from spark_jobs.ingest.settle import (
    BUCKET,
    COPY_COLUMNS,
    JUDGED,
    PLACE,
    Buckets,
    Digests,
    is_copy,
    judge,
    judge_changed,
    with_fate,
)

log = logging.getLogger(__name__)

# A pack is one row of a megabyte or more: Spark hands few of them at a time to a worker.
PACKS_PER_BATCH = "16"
_BYTES_PER_BATCH = 2 << 30
_BROADCAST_ROWS = 500_000
_KEYS_HELD = 2_000_000  # of new events, which the driver and every task hold: 8 bytes each
_COPIES_PER_BUCKET = 250_000
_FATES_OF_COPIES = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED)


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
        self._added: set[str] = set()  # paths of the data files of the last commit, if it only added some
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
        packs = self._mapped(lines, self.reader.pack_lines, PACK).persist()
        self._commit(packs, _summary(packs), self.reader, replaces=True)
        packs.unpersist()

    def erase(self) -> None:
        """Remove what is known of people whose erasure request was accepted since the last time, in every event table."""
        people = lake.erasure_requests(self.settings) - lake.erased_people(self.settings)
        if people:
            for source in SOURCES:
                if lake.has_rows(self.settings, f"{source}_events"):
                    job = self if source == self.source else Ingest(self.spark, self.settings, source)
                    job._erase_people(sorted(people))
            lake.add_erased_people(self.settings, people)

    def _history(self) -> DataFrame:
        return self.spark.read.format("delta").load(self.path)

    def _slots(self, files: Sequence[DataFile]) -> list[list[DataFile]]:
        return slots(files, self.spark.sparkContext.defaultParallelism)

    def _tasks(self, slots: Sequence[object]) -> DataFrame:
        return self.spark.range(0, len(slots), 1, len(slots))

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
        of_tasks = slots(files, self.spark.sparkContext.defaultParallelism)
        reader = replace(self.reader, slots=of_tasks)
        packs = self._mapped(self._tasks(of_tasks), reader.pack_files, PACK).persist()
        summary = _summary(packs)
        for name in summary.unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        self._commit(packs, summary, replace(self.reader, unreadable=summary.unreadable), replaces=replaces)
        packs.unpersist()

    def _mapped(self, rows: DataFrame, method: Callable[[Any], Any], schema: pa.Schema) -> DataFrame:
        return rows.mapInArrow(method, from_arrow_schema(schema))

    def _restored(self, lines: DataFrame) -> DataFrame:
        """Lines (file, line, raw) classified anew with their raw bytes, read from the landing file where raw is null."""
        return self._mapped(_by_file(lines), self.reader.restore_lines, self.reader.schema)

    def _commit(self, packs: DataFrame, summary: Row, reader: Reader, *, replaces: bool) -> None:
        """Settle persisted packs against one another and all history, and write their lines in one commit.

        Args:
            summary: of the packs, see `_summary`.
            reader: knows the unreadable files.
            replaces: whether the table has lines at the places of those of the packs.
        """
        people = lake.erasure_requests(self.settings)
        look = self._known_copies(packs, summary)
        reader = replace(reader, buckets=look.buckets)
        if summary.requests:
            keys = _distinct(summary.requests)
            asked = self._judged(packs, replace(reader, people=sorted(people), keys=keys), replace(look, keys=keys), judge)
            accepted = asked.where((f.col("new_fate") == Fate.ACCEPTED.value) & (f.col("event_type") == ERASURE_REQUEST))
            people |= {row.user_id for row in accepted.select(f.col("persons")[0].alias("user_id")).collect()}
        reader = replace(reader, people=sorted(people))
        judged = self._judged(packs, reader, look, judge_changed).persist()
        is_new = f.col("pack").isNotNull()
        counts = {row.is_new: row["count"] for row in judged.groupBy(is_new.alias("is_new")).count().collect()}
        changes = f.collect_list(f.struct("file", "line", f.col("new_fate").alias("fate"), f.col("new_reason").alias("reason")))
        if counts.get(True):
            by_pack = judged.where(is_new).groupBy("pack").agg(changes.alias("changes"))
            packs = packs.join(f.broadcast(by_pack) if counts[True] < _BROADCAST_ROWS else by_pack, "pack", how="left")
        else:
            packs = packs.withColumn(
                "changes", f.lit(None).cast("array<struct<file:string,line:bigint,fate:string,reason:string>>")
            )
        packs = packs.select("pack", "heads", "bodies", "changes")
        if not replaces and not counts.get(False):
            files = self._mapped(packs, reader.write, DATA_FILE).collect()
            lake.commit_events(self.settings, self.source, files)
            self._added = {file.path for file in files}
        else:
            self._added = set()
            changed = judged.where(~is_new)
            lines = self._mapped(packs, reader.lines, reader.schema)
            self._merge(reduce(DataFrame.unionByName, [lines, *self._demoted(changed), self._promoted(changed)]))
        judged.unpersist()

    def _known_copies(self, packs: DataFrame, summary: Row) -> History:
        """What finds the table's copies of the events in packs; of all events where the packs hold too many keys."""
        files = lake.event_files(self.settings, self.source, *_FATES_OF_COPIES)
        rows, keys = summary.copies, None
        if files and summary.copies <= _KEYS_HELD:
            keys = self._keys(packs)
        else:
            rows += sum(file.rows for file in files)
        return History(self.path, self._slots(files), keys=keys, buckets=Buckets(1 + rows // _COPIES_PER_BUCKET))

    def _keys(self, packs: DataFrame) -> Digests:
        return _distinct(row["keys"] for row in self._mapped(_heads(packs), self.reader.all_keys, KEYS).collect())

    def _judged(self, packs: DataFrame, reader: Reader, look: History, judge: Callable[[Any], Any]) -> DataFrame:
        """The copies that a reader finds in packs among those that `look` finds in the table: `JUDGED`."""
        copies = self._mapped(_heads(packs), reader.copies, BUCKET)
        if look.slots:
            copies = copies.union(self._mapped(self._tasks(look.slots), look.copies, BUCKET))
        return self._in_buckets(copies, look.buckets, judge)

    def _in_buckets(self, copies: DataFrame, buckets: Buckets, judge: Callable[[Any], Any]) -> DataFrame:
        return self._mapped(copies.repartitionById(buckets.count, "bucket"), judge, JUDGED)

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

    def _erase_people(self, people: Sequence[str]) -> None:
        """Lines that the last commit has added name none of them: it knew of every request; see `_commit`."""
        files = lake.event_files(self.settings, self.source, *_FATES_OF_COPIES)
        of_tasks = self._slots([file for file in files if file.path not in self._added])
        if not of_tasks:
            return
        erased = self._mapped(self._tasks(of_tasks), History(self.path, of_tasks, people=people).places, PLACES).persist()
        if not erased.isEmpty():
            history = self._history()
            gone = history.join(erased, list(PLACE), how="left_semi")
            keys = gone.where(is_copy()).select("event_key").distinct()
            left = history.where(is_copy()).join(erased, list(PLACE), how="left_anti").join(keys, "event_key", how="left_semi")
            buckets = Buckets()
            copies = self._mapped(left.select(*COPY_COLUMNS), buckets.of_rows, BUCKET)
            judged = self._in_buckets(copies, buckets, judge_changed).persist()
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
    """What packs hold: unreadable (names of files), requests (their keys), copies (their number); fills their cache."""
    unreadable = f.flatten(f.collect_list("unreadable")).alias("unreadable")
    requests = f.collect_list(f.when(f.length("requests") > 0, f.col("requests"))).alias("requests")
    return packs.agg(unreadable, requests, f.coalesce(f.sum("copies"), f.lit(0)).alias("copies")).collect()[0]


def _heads(packs: DataFrame) -> DataFrame:
    return packs.select("pack", "heads")


def _distinct(keys: Iterable[bytes]) -> Digests:
    return np.unique(np.frombuffer(b"".join(keys), np.uint64))


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
