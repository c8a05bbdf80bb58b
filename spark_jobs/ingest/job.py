"""Load landing files into the event table of a source; see `Ingest`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from expectations.contract import SOURCES, Fate, Reason
from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.data_files import DATA_FILE, DataFile, slots
from spark_jobs.ingest.arrow import PACK, LandedFile, Reader
from spark_jobs.ingest.files import landing_names
from spark_jobs.ingest.history import PLACES, History
from spark_jobs.ingest.settle import (
    BUCKET,
    CHANGES,
    COPY_COLUMNS,
    JUDGED,
    PEOPLE,
    PLACE,
    Buckets,
    Judge,
    changed_rows,
    is_copy,
    with_fate,
)

log = logging.getLogger(__name__)

_BYTES_PER_BATCH = 2 << 30
_BROADCAST_BYTES = 32 << 20
_KEYS_HELD = 2_000_000  # of new events, which the driver and every task hold: 8 bytes each
_COPIES_PER_BUCKET = 250_000
_BYTES_PER_LINE, _COMPRESSED_BYTES_PER_LINE = 250, 40  # about
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
        quarantined = lake.row_counts(self.settings, f"{self.source}_events", "fate").get(Fate.QUARANTINED, 0)
        reader = replace(self.reader, buckets=self._buckets(quarantined))
        packs = self._mapped(lines, reader.pack_lines, PACK).persist()
        self._commit(packs, _summary(packs), reader, quarantined, replaces=True)
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
        lines = sum(_about_lines(file.name, file.bytes) for file in files)
        reader = replace(self.reader, slots=of_tasks, buckets=self._buckets(lines))
        packs = self._mapped(self._tasks(of_tasks), reader.pack_files, PACK).persist()
        summary = _summary(packs)
        for name in summary.unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        self._commit(packs, summary, replace(reader, slots=(), unreadable=summary.unreadable), lines, replaces=replaces)
        packs.unpersist()

    def _mapped(self, rows: DataFrame, method: Callable[[Any], Any], schema: pa.Schema) -> DataFrame:
        return rows.mapInArrow(method, from_arrow_schema(schema))

    def _restored(self, lines: DataFrame) -> DataFrame:
        """Lines (file, line, raw) classified anew with their raw bytes, read from the landing file where raw is null."""
        return self._mapped(_by_file(lines), self.reader.restore_lines, self.reader.schema)

    def _commit(self, packs: DataFrame, summary: _Summary, reader: Reader, lines: int, *, replaces: bool) -> None:
        """Settle persisted packs against one another and all history, and write their lines in one commit.

        Args:
            reader: of the packs, which knows the unreadable files.
            lines: about how many the packs hold, which the reader's buckets are made for.
            replaces: whether the table has lines at the places of those of the packs.
        """
        people = lake.erasure_requests(self.settings)
        judge = Judge(unreadable=reader.unreadable)
        few = min(lines, summary.candidates) <= _KEYS_HELD
        copies = self._copies(packs, reader.buckets, few=few).repartitionById(reader.buckets.count, "bucket")
        unsettled = self._mapped(copies, judge.unsettled, BUCKET).persist()
        if summary.has_requests:
            asked = self._mapped(unsettled, replace(judge, people=sorted(people)).asked, PEOPLE)
            people |= {row.user_id for row in asked.collect()}
        reader = replace(reader, people=sorted(people))
        changes = self._mapped(unsettled, replace(judge, people=sorted(people)).changes, CHANGES).persist()
        is_new = f.col("pack").isNotNull()
        sizes = Counter[bool]()
        for row in changes.select(is_new.alias("is_new"), f.length("changes").alias("bytes")).collect():
            sizes[row.is_new] += row.bytes
        if sizes[True]:
            by_pack = changes.where(is_new).groupBy("pack").agg(f.collect_list("changes").alias("changes"))
            packs = packs.join(f.broadcast(by_pack) if sizes[True] < _BROADCAST_BYTES else by_pack, "pack", how="left")
        else:
            packs = packs.withColumn("changes", f.lit(None).cast("array<binary>"))
        packs = packs.select("lines", "changes")
        if not replaces and not sizes[False]:
            files = self._mapped(packs, reader.write, DATA_FILE).collect()
            lake.commit_events(self.settings, self.source, files)
            self._added = {file.path for file in files}
        else:
            self._added = set()
            changed = self._mapped(changes.where(~is_new), changed_rows, JUDGED)
            rows = self._mapped(packs, reader.lines, reader.schema)
            self._merge(reduce(DataFrame.unionByName, [rows, *self._demoted(changed), self._promoted(changed)]))
        changes.unpersist()
        unsettled.unpersist()

    def _buckets(self, lines: int) -> Buckets:
        """Enough for about so many new lines and what `_copies` may find in the table."""
        rows = lines if lines <= _KEYS_HELD else lines + sum(file.rows for file in self._files_of_copies())
        return Buckets(1 + rows // _COPIES_PER_BUCKET)

    def _copies(self, packs: DataFrame, buckets: Buckets, *, few: bool) -> DataFrame:
        """The copies in packs, and where these are few those of the same events in the table, else all of the table."""
        copies = packs.select(f.inline("buckets"))
        of_tasks = self._slots(self._files_of_copies())
        if not of_tasks:
            return copies
        keys = None
        if few:
            keys = np.unique(np.frombuffer(b"".join(row["keys"] for row in packs.select("keys").collect()), np.uint64))
        known = History(self.path, of_tasks, keys=keys, buckets=buckets)
        return copies.union(self._mapped(self._tasks(of_tasks), known.copies, BUCKET))

    def _files_of_copies(self) -> list[DataFile]:
        return lake.event_files(self.settings, self.source, *_FATES_OF_COPIES)

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
        of_tasks = self._slots([file for file in self._files_of_copies() if file.path not in self._added])
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
            changes = self._mapped(copies.repartitionById(buckets.count, "bucket"), Judge().changes, CHANGES).persist()
            changed = self._mapped(changes, changed_rows, JUDGED)
            parts = [with_fate(gone, Fate.ERASED, self.columns), *self._demoted(changed), self._promoted(changed)]
            self._merge(reduce(DataFrame.unionByName, parts))
            changes.unpersist()
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


class _Summary(NamedTuple):
    """What packs hold: the names of files that broke, the number of candidates, whether any is a request to be erased."""

    unreadable: list[str]
    candidates: int
    has_requests: bool


def _summary(packs: DataFrame) -> _Summary:
    """Fills the cache of packs."""
    rows = packs.select("unreadable", "candidates", "has_requests").collect()
    return _Summary(
        [name for row in rows for name in row.unreadable],
        sum(row.candidates for row in rows),
        any(row.has_requests for row in rows),
    )


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
    """About how many lines lie in a source's landing folder."""
    files = (file for file in (settings.landing / source).glob("*/*") if file.is_file())
    return sum(_about_lines(file.name, file.stat().st_size) for file in files)


def _about_lines(name: str, size: int) -> int:
    return size // (_BYTES_PER_LINE if name.endswith(".jsonl") else _COMPRESSED_BYTES_PER_LINE)


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
