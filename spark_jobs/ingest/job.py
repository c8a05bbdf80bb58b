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
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from contract.events import ERASURE_REQUEST, EVENT_TYPES, SOURCES, Fate, Reason, Withdrawal
from contract.settings import Settings
from spark_jobs.ingest.deduplicate import (
    BUCKET,
    CHANGES,
    COPY,
    COPY_COLUMNS,
    JUDGED,
    KEY_BUCKET,
    KEYS,
    PEOPLE,
    PLACE,
    Buckets,
    Candidates,
    Digests,
    Judge,
    changed_rows,
    first_halves,
    is_copy,
    repeated_keys,
    rows_of_buckets,
    with_fate,
)
from spark_jobs.ingest.files import landing_entries
from spark_jobs.ingest.history import LINES, History
from spark_jobs.ingest.late_fields import LateFields
from spark_jobs.ingest.rewrite import FILE_LINES, PLACES, RAW_LINES, REWRITTEN, LinesAt, Places, by_file
from spark_jobs.ingest.workers import LINE_BATCH, ListedFile, Reader
from spark_jobs.lake import catalog, event_tables, lock
from spark_jobs.lake.files import DATA_FILE, DataFile, slots

log = logging.getLogger(__name__)

_BYTES_PER_BATCH = 2 << 30
_BROADCAST_BYTES = 32 << 20
_KEYS_HELD = 2_000_000  # of new events, which the driver and every task hold
_BYTES_PER_KEY = 8
_KEYS_PER_BUCKET = 2_000_000
_COPIES_PER_BUCKET = 250_000
_BYTES_PER_LINE, _COMPRESSED_BYTES_PER_LINE = 250, 40  # about
_FATES_OF_COPIES = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED, Fate.WITHDRAWN)


class WithdrawalError(ValueError):
    """Lines that cannot be withdrawn or put back; the message says why and what to do."""


class LostLines(ValueError):
    """The bytes of lines are needed and lie neither in the lake nor in the landing; the message names their files."""


class Ingest:
    """One source's loads into its event table. The caller holds `lock.one_writer`.

    Every batch of files is one commit: lines and their file's line 0 appear together or not at all. A file whose line 0 is in
    the table has been read, so a batch that is repeated after a crash adds nothing. A file is read again only if its size or
    time has changed; its lines then replace those that it had.
    """

    def __init__(self, spark: SparkSession, settings: Settings, source: str):
        event_tables.event_table(settings, source)
        self.spark, self.settings, self.source = spark, settings, source
        self.columns = event_tables.event_schema(source).names
        self.path = catalog.table_path(settings, f"{source}_events")
        self._added: set[str] = set()  # paths of the data files of the last commit, if it only added some
        self.reader = Reader(
            landing=settings.landing,
            source=source,
            currency=settings.currency,
            timezone=settings.timezone,
            schema=to_arrow_schema(event_tables.event_schema(source)),
            table=self.path,
            contract=tuple(EVENT_TYPES.values()),
        )

    def load_files(self) -> None:
        """Read the files that no earlier load has read, and again those that have changed since."""
        read = event_tables.landing_files(self.settings, self.source)
        known = {row["file"]: ListedFile(row["file"], row["bytes"], row["modified_at"]) for row in read}
        deliveries = list(self._deliveries())
        changed = [file for file in deliveries if known.get(file.name, file) != file]
        for file in changed:
            log.warning("%s has changed since it was read and is read again", file.name)
        for batch in _batches(changed):
            self._load(batch, replaced=[file.name for file in batch])
        for batch in _batches([file for file in deliveries if file.name not in known]):
            self._load(batch)

    def replay(self, reasons: list[str], files: list[str]) -> None:
        """Classify quarantined lines again, all or those of some reasons and files."""
        chosen = (f.col("fate") == Fate.QUARANTINED.value) & (f.col("reason") != Reason.CONFLICTING_DUPLICATE.value)
        if reasons:
            chosen &= f.col("reason").isin(reasons)
        if files:
            chosen &= f.col("file").isin(files)
        # Quarantined copies are conflicts: no replay of the others moves them.
        self._classify_again(self._history().where(chosen), self._count(Fate.QUARANTINED), beside=_FATES_OF_COPIES)

    def fill_late_fields(self, files: list[str]) -> int:
        """Give accepted lines, all or those of some files, the fields that the contract has declared since they came.

        Returns:
            How many lines got some, or were classified again because of them.

        Raises:
            LostLines: a value does not fit, and the bytes of its line are gone.
        """
        late = LateFields(self.settings.currency, self.reader.contract, self.reader.schema)
        history = self._history()
        history = history.where(f.col("file").isin(files)) if files else history
        kept = history.where((f.col("fate") == Fate.ACCEPTED.value) & f.col("extra").isNotNull())
        changed = self._mapped(kept, late.filled, late.result).persist()
        filled = changed.where(~f.col("is_misfit"))
        count = changed.count()
        if not filled.isEmpty():
            named = filled.where("names_others").select("event_key", "persons")
            copies = self._history().where(f.col("fate") == Fate.DUPLICATE.value).drop("persons").join(named, "event_key")
            self._write_over(filled.select(self.columns).union(copies.select(self.columns)))
        # What is refused now, or names others, makes room for other copies of its event, or is one that made room.
        refused = history.where(is_copy() & f.col("fate").isin([Fate.QUARANTINED.value, Fate.WITHDRAWN.value]))
        judged = self._restored(refused.select(*PLACE, "raw")).select(*PLACE, f.col("event_key").alias("key"), "persons")
        said = refused.select(*PLACE, "event_key", f.col("persons").alias("before"))
        differ = said.join(judged, list(PLACE)).where(f.col("key").isNull() | ~f.col("persons").eqNullSafe(f.col("before")))
        events = changed.where("is_misfit").select("event_key").union(differ.select("event_key")).distinct().persist()
        if not events.isEmpty():
            self._classify_events_again(events)
        events.unpersist()
        changed.unpersist()
        return count

    def _classify_events_again(self, events: DataFrame) -> None:
        """Classify all copies of some events (event_key) again."""
        copies = self._history().where(is_copy()).join(events, "event_key", how="left_semi").select(*PLACE, "raw").persist()
        raw = self._restored(copies).select(*PLACE, "raw").persist()
        if lost := _files_without(raw, copies):
            raise LostLines(f"{lost} left the landing, and their lines have to be read again; bring them back")
        self._classify_again(raw, copies.count(), beside=[Fate.WITHDRAWN])  # a withdrawn copy says which others follow it
        raw.unpersist()
        copies.unpersist()

    def _classify_again(self, chosen: DataFrame, count: int, *, beside: Sequence[Fate]) -> None:
        """Classify lines again by their raw bytes, as if they had come with their file.

        Args:
            chosen: the lines: file, line, raw.
            count: about how many they are.
            beside: the fates of the copies in the table that take part beside them.
        """
        lines = _by_file(chosen).sortWithinPartitions("file")
        line_batches = self._mapped(lines, self.reader.batch_lines, LINE_BATCH).persist()
        self._commit(line_batches, _summary(line_batches), self.reader, beside=beside, are_known=True)
        line_batches.unpersist()

    def _count(self, fate: Fate) -> int:
        return catalog.row_counts(self.settings, f"{self.source}_events", "fate").get(fate, 0)

    def withdraw(self, chosen: Column, by: Withdrawal, reason: str) -> None:
        """Take out copies of events, whatever their fate, and let the remaining ones compete again.

        Raises:
            WithdrawalError: nothing is chosen, an erasure request is chosen, or the bytes of a line are gone.
        """
        copies = self._history().where(chosen & is_copy() & (f.col("fate") != Fate.WITHDRAWN.value)).persist()
        if copies.isEmpty():
            raise WithdrawalError("no line that is an event was chosen; ingest_ledger names the files, event_id the events")
        if not copies.where(f.col("event_type") == ERASURE_REQUEST).isEmpty():
            raise WithdrawalError("a request to be erased cannot be withdrawn: what it has erased cannot come back")
        raw = self._restored(copies.select(*PLACE, "raw")).select(*PLACE, "raw").persist()
        if lost := _files_without(raw, copies):
            raise WithdrawalError(f"{lost} left the landing; bring it back, since the bytes of withdrawn lines are kept")
        gone = copies.drop("raw", "reason", "withdrawn_by").join(raw, list(PLACE))
        gone = gone.withColumn("reason", f.lit(reason)).withColumn("withdrawn_by", f.lit(by.value))
        gone.persist()
        self._take_out(gone, Fate.WITHDRAWN)
        gone.unpersist()
        raw.unpersist()
        copies.unpersist()

    def put_back(self, chosen: Column) -> None:
        """Classify withdrawn lines again; those of an event that was withdrawn as such come back together.

        Raises:
            WithdrawalError: nothing is chosen.
        """
        withdrawn = self._history().where(f.col("fate") == Fate.WITHDRAWN.value)
        lines = withdrawn.where(chosen)
        if lines.isEmpty():
            raise WithdrawalError("no withdrawn line was chosen; ingest_ledger counts them by file")
        of_events = withdrawn.where(f.col("withdrawn_by") == Withdrawal.EVENT.value)
        events = lines.where(f.col("withdrawn_by") == Withdrawal.EVENT.value).select("event_key").distinct()
        together = lines.union(of_events.join(events, "event_key", how="left_semi").select(*lines.columns))
        # Lines that are put back take part only as part of the line batches.
        beside = [fate for fate in _FATES_OF_COPIES if fate is not Fate.WITHDRAWN]
        self._classify_again(together.dropDuplicates(list(PLACE)), self._count(Fate.WITHDRAWN), beside=beside)

    def erase(self) -> None:
        """Remove what is known of people whose erasure request was accepted since the last time, in every event table."""
        people = event_tables.erasure_requests(self.settings) - event_tables.erased_people(self.settings)
        if people:
            for source in SOURCES:
                if catalog.has_rows(self.settings, f"{source}_events"):
                    job = self if source == self.source else Ingest(self.spark, self.settings, source)
                    job._erase_people(sorted(people))
            event_tables.add_erased_people(self.settings, people)

    def erase_again(self) -> None:
        """Remove lines that name people who are erased already, where the contract has learnt a new name for people."""
        if people := event_tables.erasure_requests(self.settings) | event_tables.erased_people(self.settings):
            self._erase_people(sorted(people))

    def erase_lines(self, places: Sequence[tuple[str, int]]) -> None:
        """Remove what lines (file, line) of the table say, such as of a person whose id stands in no field of a person."""
        lines = self.spark.createDataFrame(places, "file string, line long")
        gone = self._history().join(f.broadcast(lines), list(PLACE), how="left_semi").select(*LINES.names).persist()
        self._take_out(gone, Fate.ERASED)
        gone.unpersist()

    def _history(self) -> DataFrame:
        return self.spark.read.format("delta").load(self.path)

    def _slots(self, files: Sequence[DataFile]) -> list[list[DataFile]]:
        return slots(files, self.spark.sparkContext.defaultParallelism)

    def _tasks(self, slots: Sequence[object]) -> DataFrame:
        return self.spark.range(0, len(slots), 1, len(slots))

    def _deliveries(self) -> Iterator[ListedFile]:
        """The landing files of the source; anything else is named in the log and left alone."""
        folder = self.settings.landing / self.source
        if not folder.exists():
            log.warning("%s: no folder %s, nothing to read", self.source, folder)
            return
        for name, path, fault in landing_entries(self.settings.landing, self.source):
            if fault:
                log.warning("%s %s and was left alone", name, fault)
                continue
            stat = path.stat()
            yield ListedFile(name, stat.st_size, datetime.fromtimestamp(int(stat.st_mtime), UTC))

    def _load(self, files: list[ListedFile], *, replaced: Sequence[str] = ()) -> None:
        of_tasks = slots(files, self.spark.sparkContext.defaultParallelism)
        reread_by = self.settings.run_id if replaced else None
        reader = replace(self.reader, slots=of_tasks, reread_by=reread_by)
        line_batches = self._mapped(self._tasks(of_tasks), reader.batch_files, LINE_BATCH).persist()
        summary = _summary(line_batches)
        for name in summary.unreadable:
            log.warning("%s cannot be read and waits for a whole copy", name)
        self._commit(line_batches, summary, replace(reader, slots=(), unreadable=summary.unreadable), replaced=replaced)
        line_batches.unpersist()

    def _mapped(self, rows: DataFrame, method: Callable[[Any], Any], schema: pa.Schema) -> DataFrame:
        return rows.mapInArrow(method, from_arrow_schema(schema))

    def _restored(self, lines: DataFrame) -> DataFrame:
        """Lines (file, line, raw) classified again with their raw bytes, read from the landing file where raw is null."""
        return self._mapped(_by_file(lines), self.reader.restore_lines, self.reader.schema)

    def _commit(
        self,
        line_batches: DataFrame,
        summary: _Summary,
        reader: Reader,
        *,
        replaced: Sequence[str] = (),
        beside: Sequence[Fate] = _FATES_OF_COPIES,
        are_known: bool = False,
    ) -> None:
        """Deduplicate persisted line batches against one another and all history, and write their lines in one commit.

        Args:
            reader: of the line batches, which knows the unreadable files.
            replaced: files whose lines in the table are replaced by those of the line batches.
            beside: the fates of the copies in the table that take part.
            are_known: whether the lines of the line batches are in the table, and are classified again.
        """
        people = event_tables.erasure_requests(self.settings) | event_tables.erased_people(self.settings)
        judge = Judge(unreadable=reader.unreadable)
        copies = self._copies(line_batches, summary.candidates, beside, replaced)
        undecided = self._mapped(copies, judge.undecided, BUCKET).persist()
        if summary.has_requests:
            asked = self._mapped(undecided, replace(judge, people=sorted(people)).asked, PEOPLE)
            people |= {row.user_id for row in asked.collect()}
        reader = replace(reader, people=sorted(people))
        changes = self._mapped(undecided, replace(judge, people=sorted(people)).changes, CHANGES).persist()
        is_new = f.col("batch").isNotNull()
        sizes = Counter[bool]()
        for row in changes.select(is_new.alias("is_new"), f.length("changes").alias("bytes")).collect():
            sizes[row.is_new] += row.bytes
        if sizes[True]:
            by_batch = changes.where(is_new).groupBy("batch").agg(f.collect_list("changes").alias("changes"))
            line_batches = line_batches.join(
                f.broadcast(by_batch) if sizes[True] < _BROADCAST_BYTES else by_batch, "batch", how="left"
            )
        else:
            line_batches = line_batches.withColumn("changes", f.lit(None).cast("array<binary>"))
        line_batches = line_batches.select("lines", "changes")
        files = self._mapped(line_batches, reader.write, DATA_FILE).collect()
        self._added = {file.path for file in files}
        gone = [self._mapped(line_batches, reader.places, PLACES)] if are_known else []
        if sizes[False]:
            gone.append(self._changed(changes.where(~is_new)).persist())
            files += self._written(gone[-1])
        self._commit_files(files, gone, replaced)
        for lines in (*gone, changes, undecided):
            lines.unpersist()

    def _copies(self, line_batches: DataFrame, candidates: int, fates: Sequence[Fate], replaced: Sequence[str]) -> DataFrame:
        """Copies, new and known, that may have to be judged: rows of `BUCKET`, all copies of an event in one partition.

        Of few lines these are all, and the known copies of their events; of many, the copies of events that have several; and
        if these are many too, all there are. Copies in `replaced` files are left out, but their events are looked for as well:
        other copies may take their place.
        """
        files = self._files_of_copies(*fates)
        known = History(self.path, self._slots(files), replaced=replaced)
        wanted = None
        if candidates <= _KEYS_HELD:
            looked_for, count = self._new_keys(line_batches, known) if files else None, candidates
        else:
            rows = candidates + sum(file.rows for file in files)
            looked_for = wanted = self._repeated(line_batches, known, rows)
            count = rows if wanted is None else 2 * len(wanted)
        buckets = Buckets(1 + count // _COPIES_PER_BUCKET)
        copies = self._mapped(line_batches.select("copies"), Candidates(buckets, wanted).copies, BUCKET)
        if files:
            known = replace(known, keys=looked_for, buckets=buckets)
            copies = copies.union(self._mapped(self._tasks(known.slots), known.copies, BUCKET))
        return copies.repartitionById(buckets.count, "bucket")

    def _new_keys(self, line_batches: DataFrame, known: History) -> Digests:
        """Sorted first halves of the event keys of line batches and of replaced files."""
        keys = line_batches.select("keys")
        if known.replaced:
            keys = keys.union(self._mapped(self._tasks(known.slots), known.replaced_keys, KEYS))
        return _sorted_keys(keys)

    def _repeated(self, line_batches: DataFrame, known: History, rows: int) -> Digests | None:
        """Those of `_new_keys` that several of all copies, about `rows`, share; None if they are too many to be held."""
        buckets = Buckets(1 + rows // _KEYS_PER_BUCKET)
        keys = self._mapped(line_batches.select("keys"), buckets.of_new_keys, KEY_BUCKET)
        if known.slots:
            of_table = replace(known, buckets=buckets).keys_of_copies
            keys = keys.union(self._mapped(self._tasks(known.slots), of_table, KEY_BUCKET))
        repeated = self._mapped(keys.repartitionById(buckets.count, "bucket"), repeated_keys, KEYS).persist()
        bytes_held = sum(row[0] for row in repeated.select(f.length("keys")).collect())
        found = _sorted_keys(repeated) if bytes_held <= _KEYS_HELD * _BYTES_PER_KEY else None
        repeated.unpersist()
        return found

    def _files_of_copies(self, *fates: Fate) -> list[DataFile]:
        return event_tables.event_files(self.settings, self.source, *(fates or _FATES_OF_COPIES))

    def _write_over(self, lines: DataFrame) -> None:
        """Write lines (rows of the event table) instead of those at the same places, in one commit."""
        lines = lines.persist()
        self._commit_files(self._written(lines), [lines])
        lines.unpersist()

    def _written(self, lines: DataFrame) -> list[Row]:
        """Data files with lines (rows of the event table), which no commit names yet: rows of `DATA_FILE`."""
        return self._mapped(lines, self.reader.write_rows, DATA_FILE).collect()

    def _commit_files(self, files: list[Row], gone: Sequence[DataFrame], replaced: Sequence[str] = ()) -> None:
        """Make data files part of the table and take the lines at some places out of those that were, in one commit.

        Args:
            files: rows of `DATA_FILE`.
            gone: lines at these places: file, line.
            replaced: files all of whose lines are taken out.
        """
        places = self._places(*gone, whole=replaced)
        removed: list[DataFile] = []
        if places:
            there = event_tables.event_files(self.settings, self.source)
            lines = LinesAt(self.path, self._slots(there), places, self.reader.schema)
            rewritten = self._mapped(self._tasks(lines.slots), lines.taken_out, REWRITTEN).collect()
            files = [*files, *(row for row in rewritten if row.path is not None)]
            names = {row.instead_of for row in rewritten}
            removed = [file for file in there if file.path in names]
        event_tables.commit_events(self.settings, self.source, files, removed)

    def _places(self, *lines: DataFrame, whole: Sequence[str] = ()) -> Places:
        """Where lines (file, line) lie."""
        found = [self._mapped(some.select(*PLACE), by_file, FILE_LINES).collect() for some in lines]
        return Places.of([row for rows in found for row in rows], whole=whole)

    def _changed(self, changes: DataFrame) -> DataFrame:
        """Known copies of `CHANGES` as they are now: rows of the event table."""
        judged = self._mapped(changes, changed_rows, JUDGED)
        return reduce(DataFrame.unionByName, [*self._demoted(judged), *self._promoted(judged)])

    def _demoted(self, judged: DataFrame) -> list[DataFrame]:
        """Copies that are duplicates or conflicts now; a conflict keeps its raw line."""
        renamed = judged.withColumn("fate", f.col("new_fate")).withColumn("reason", f.col("new_reason"))
        duplicates = with_fate(renamed.where(f.col("fate") == Fate.DUPLICATE.value), Fate.DUPLICATE, self.columns)
        conflicts = renamed.where(f.col("fate") == Fate.QUARANTINED.value)
        raw = self._restored(conflicts.withColumn("raw", f.lit(None).cast("binary"))).select(*PLACE, "raw")
        return [duplicates, with_fate(conflicts.join(raw, list(PLACE), how="left"), Fate.QUARANTINED, self.columns)]

    def _promoted(self, judged: DataFrame) -> list[DataFrame]:
        """Copies that are accepted now, read again."""
        places = self._places(judged.where(f.col("new_fate") == Fate.ACCEPTED.value))
        if not places:
            return []
        lines = LinesAt(self.path, self._slots(self._files_of_copies()), places, self.reader.schema)
        raw = self._mapped(self._tasks(lines.slots), lines.raw, RAW_LINES)
        return [self._restored(raw).withColumn("raw", f.lit(None).cast("binary"))]

    def _erase_people(self, people: Sequence[str]) -> None:
        """Lines added by the last commit name none of them, since it knew of every request; see `_commit`."""
        of_tasks = self._slots([file for file in self._files_of_copies() if file.path not in self._added])
        if not of_tasks:
            return
        history = History(self.path, of_tasks, people=people)
        erased = self._mapped(self._tasks(of_tasks), history.lines_of_people, LINES).persist()
        if not erased.isEmpty():
            self._take_out(erased, Fate.ERASED)
        erased.unpersist()

    def _take_out(self, gone: DataFrame, fate: Fate) -> None:
        """Give lines a fate in which they are no longer copies; the other copies of their events compete again.

        Args:
            gone: file, line, event_key, and what lines of that fate keep.
        """
        keys = self._mapped(gone.where(is_copy()).select("event_key"), first_halves, KEYS)
        known = History(self.path, self._slots(self._files_of_copies()), keys=_sorted_keys(keys))
        copies = self._mapped(self._tasks(known.slots), known.copies, BUCKET)
        left = self._mapped(copies, rows_of_buckets, COPY).join(gone.select(*PLACE), list(PLACE), how="left_anti")
        buckets = Buckets()
        bucket = self._mapped(left.select(*COPY_COLUMNS), buckets.of_rows, BUCKET).repartitionById(buckets.count, "bucket")
        changes = self._mapped(bucket, Judge().changes, CHANGES).persist()
        self._write_over(with_fate(gone, fate, self.columns).unionByName(self._changed(changes)))
        changes.unpersist()


def _sorted_keys(keys: DataFrame) -> Digests:
    """`KEYS` as one array without repetitions."""
    return np.unique(np.frombuffer(b"".join(row["keys"] for row in keys.collect()), np.uint64))


class _Summary(NamedTuple):
    """What line batches hold: names of unreadable files, number of candidates, whether any is an erasure request."""

    unreadable: list[str]
    candidates: int
    has_requests: bool


def _summary(line_batches: DataFrame) -> _Summary:
    """Fills the cache of the line batches."""
    rows = line_batches.select("unreadable", "candidates", "has_requests").collect()
    return _Summary(
        [name for row in rows for name in row.unreadable],
        sum(row.candidates for row in rows),
        any(row.has_requests for row in rows),
    )


def _batches(files: list[ListedFile]) -> Iterator[list[ListedFile]]:
    """Files in the order of their names, in batches of about `_BYTES_PER_BATCH`."""
    batch: list[ListedFile] = []
    size = 0
    for file in sorted(files, key=lambda file: file.name):
        if batch and size + file.bytes > _BYTES_PER_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.bytes
    if batch:
        yield batch


def _files_without(raw: DataFrame, lines: DataFrame) -> str:
    """Names of some files whose lines have no raw bytes any more."""
    lost = lines.join(raw, list(PLACE), how="left_anti").select("file").distinct().limit(5).collect()
    return ", ".join(sorted(row.file for row in lost))


def _by_file(lines: DataFrame) -> DataFrame:
    return lines.groupBy("file").agg(f.sort_array(f.collect_list(f.struct("line", "raw"))).alias("lines"))


def ingest(spark: SparkSession, settings: Settings, source: str) -> dict[str, Any]:
    """Load the new files of a source, and erase the people who asked for it; returns the report of the step."""
    return _step(spark, settings, source, "ingest", Ingest.load_files)


def landed_rows(settings: Settings, source: str) -> int:
    """About how many lines lie in a source's landing folder."""
    files = (path for _, path, fault in landing_entries(settings.landing, source) if fault is None)
    return sum(_about_lines(file.name, file.stat().st_size) for file in files)


def _about_lines(name: str, size: int) -> int:
    return size // (_BYTES_PER_LINE if name.endswith(".jsonl") else _COMPRESSED_BYTES_PER_LINE)


def replay(
    spark: SparkSession, settings: Settings, source: str, reasons: list[str], files: list[str], *, accepted: bool = False
) -> dict[str, Any]:
    """Classify quarantined lines again after the contract was fixed; returns the report of the step.

    Args:
        accepted: whether accepted lines get the fields that the contract has declared since, too.

    Raises:
        LostLines: a value of such a field does not fit, and the bytes of its line are gone.
    """
    filled = 0

    def work(job: Ingest) -> None:
        nonlocal filled
        if accepted:
            filled = job.fill_late_fields(files)
        job.replay(reasons, files)
        if accepted:
            job.erase_again()

    report = _step(spark, settings, source, "replay", work)
    return report | ({"filled": filled} if accepted else {})


def withdraw(
    spark: SparkSession, settings: Settings, source: str, chosen: Column, by: Withdrawal, reason: str
) -> dict[str, Any]:
    """Take accepted lines out again; returns the report of the step."""
    return _step(spark, settings, source, "withdraw", lambda job: job.withdraw(chosen, by, reason))


def put_back(spark: SparkSession, settings: Settings, source: str, chosen: Column) -> dict[str, Any]:
    """Bring withdrawn lines back; returns the report of the step."""
    return _step(spark, settings, source, "put_back", lambda job: job.put_back(chosen))


def erase_lines(spark: SparkSession, settings: Settings, source: str, places: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """Erase lines that name people elsewhere than in a field of a person; returns the report of the step."""
    return _step(spark, settings, source, "erase", lambda job: job.erase_lines(places))


def _step(spark: SparkSession, settings: Settings, source: str, name: str, work: Callable[[Ingest], None]) -> dict[str, Any]:
    with lock.one_writer(spark, settings):
        job = Ingest(spark, settings, source)
        before = catalog.row_counts(settings, f"{source}_events", "fate")
        work(job)
        job.erase()
        after = catalog.row_counts(settings, f"{source}_events", "fate")
    return report(f"{name}_{source}", before, after)


def report(step: str, before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    """What a step changed: lines gained by fate."""
    fates = (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED, Fate.ERASED, Fate.WITHDRAWN)
    gained = {fate.value: after.get(fate, 0) - before.get(fate, 0) for fate in fates}
    return {
        "step": step,
        "rows_in": sum(gained.values()),
        "rows_out": gained[Fate.ACCEPTED],
        **gained,
        "files": after.get(Fate.READ, 0) - before.get(Fate.READ, 0),
        "unreadable_files": after.get(Fate.UNREADABLE, 0),
    }
