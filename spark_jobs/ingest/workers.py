"""What runs inside the Python workers: landing files in, classified lines in between, data files of the event table out.

A line batch holds some megabytes of lines as Arrow tables in one binary value. Spark keeps, moves and joins line batches and
never sees the hundred columns of a line, which it would handle row by row. The few columns that decide a line's fate lie
beside it, so that judging lines does not move the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext

from contract.events import ERASURE_REQUEST, EVENT_TYPES, EventType, Fate
from contract.object_path import ObjectPath
from spark_jobs.engine.batches import deserialized, serialized
from spark_jobs.ingest.classify import ERASED_PERSON
from spark_jobs.ingest.columns import ColumnClassifier, Lines
from spark_jobs.ingest.deduplicate import CHANGE, COPY, KEEP_RAW, KEPT, Mask, digests, naming, runs, slim
from spark_jobs.ingest.files import Block, LandingPath, UnreadableFile, landing_path, read_blocks
from spark_jobs.ingest.rewrite import PLACES, place_numbers
from spark_jobs.lake import event_tables
from spark_jobs.lake.files import write_file

LINE_BATCH = pa.schema(
    {
        "batch": pa.int64(),
        "unreadable": pa.list_(pa.string()),
        "candidates": pa.int64(),  # how many
        "has_requests": pa.bool_(),  # whether any is a request to be erased
        "keys": pa.binary(),  # the first halves of the candidates' event keys
        "copies": pa.binary(),  # the candidates, serialized as they travel
        "lines": pa.binary(),
    }
)
_NEW_COPY = ("dt", "file", "line", "fate", "event_type", "event_key", "content_hash", "persons")
_NO_COPY = COPY.empty_table().select(_NEW_COPY)
_ORDER = ("event_type", "event_time", "file", "line")
_LINE_BATCH_BYTES = 16 << 20  # of raw lines
_BYTES_AT_A_TIME = 2 << 20  # of raw lines that are parsed together: the result fits the processor's caches
_BUFFERED_BYTES = 512 << 20


@dataclass(frozen=True)
class ListedFile:
    """A landing file as the listing saw it; the time in whole seconds, which every file system keeps."""

    name: str
    bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Reader:
    """Reads, classifies, deduplicates and writes the lines of a source; its methods are for `mapInArrow`.

    Args:
        schema: of the event table, partition columns among the others.
        table: where the event table lies.
        slots: the files that each task of `batch_files` reads.
        unreadable: files that turned out unreadable; of these only line 0 is kept.
        people: whose lines are erased, except well-formed requests to be erased.
        reread_by: the run that reads changed files again, None where files are new.
        contract: the event types of all sources, as the driver knows them.
    """

    landing: Path | ObjectPath
    source: str
    currency: str
    timezone: str
    schema: pa.Schema
    table: str
    slots: Sequence[Sequence[ListedFile]] = ()
    unreadable: Sequence[str] = ()
    people: Sequence[str] = field(default=(), repr=False)
    reread_by: str | None = None
    contract: Sequence[EventType] = tuple(EVENT_TYPES.values())

    def batch_files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Positions in `slots` to rows of `LINE_BATCH`. Every file ends with its line 0.

        That line is `read` with the number of its lines, or `unreadable` with the error.
        """
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                yield from self._line_batches(self.slots[slot])

    def batch_lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of file, lines [{line, raw}] to rows of `LINE_BATCH`, whose lines all keep their raw bytes."""
        batcher = _LineBatcher(self, keep_raw=True)
        for batch in batches:
            for row in batch.to_pylist():
                batcher.add(_delivery(row["file"]), self._raw_lines(row["file"], row["lines"]))
                if batcher.bytes >= _LINE_BATCH_BYTES:
                    yield batcher.flush()
        yield batcher.flush()

    def restore_lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of file, lines [{line, raw}] to classified lines with their raw bytes, in `schema`."""
        classifier = self.classifier()
        for batch in batches:
            for row in batch.to_pylist():
                lines = Lines()
                lines.add(_delivery(row["file"]), self._raw_lines(row["file"], row["lines"]))
                for table in classifier.classified(lines, keep_raw=True):
                    yield from self._wide(table).to_batches()

    def places(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Line batches to the places of their lines: rows of `PLACES`."""
        for batch in batches:
            for lines in batch["lines"]:
                for table in self._tables_of(lines):
                    yield from table.select(PLACES.names).cast(PLACES).to_batches()

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Line batches with `changes` to data files of the table, which no commit names yet: rows of `DATA_FILE`."""
        writer = _Writer(self)
        for table in self._deduplicated(batches):
            writer.add(table)
            if writer.bytes >= _BUFFERED_BYTES:
                yield from writer.flush()
        yield from writer.flush()

    def write_rows(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Lines in `schema` to data files of the table, which no commit names yet: rows of `DATA_FILE`."""
        writer = _Writer(self)
        for batch in batches:
            rows = pa.Table.from_batches([batch]).cast(self.schema)
            for fate in pc.unique(rows["fate"]).to_pylist():
                of_fate = rows.filter(pc.equal(rows["fate"], fate))
                kinds = pc.unique(of_fate["event_type"]).to_pylist() if fate == Fate.ACCEPTED else [None]
                for kind in kinds:
                    table = of_fate if kind is None else of_fate.filter(pc.equal(of_fate["event_type"], kind))
                    writer.add(table.select([name for name in table.column_names if table[name].null_count < len(table)]))
            if writer.bytes >= _BUFFERED_BYTES:
                yield from writer.flush()
        yield from writer.flush()

    def classifier(self) -> ColumnClassifier:
        return ColumnClassifier(self.source, self.currency, self.timezone, self.contract)

    def _wide(self, table: pa.Table) -> pa.Table:
        return _widened(table, self.schema, _nulls(self.schema, len(table)))

    def _line_batches(self, files: Sequence[ListedFile]) -> Iterator[pa.RecordBatch]:
        batcher = _LineBatcher(self, keep_raw=False)
        for known in files:
            file = _delivery(known.name)
            rows = 0
            marker: dict[str, Any] = {"bytes": known.bytes, "modified_at": known.modified_at, "reread_by": self.reread_by}
            try:
                for block in read_blocks(self.landing / known.name, file.codec):
                    rows += len(block[1])
                    batcher.add(file, block)
                    if batcher.bytes >= _LINE_BATCH_BYTES:
                        yield batcher.flush()
                marker |= {"fate": Fate.READ.value, "rows_read": rows}
            except UnreadableFile as error:
                marker |= {"fate": Fate.UNREADABLE.value, "error": str(error)}
            batcher.markers.append({"file": known.name, "dt": file.dt, "line": 0} | marker)
        yield batcher.flush()

    def _raw_lines(self, name: str, parts: Sequence[dict[str, Any]]) -> Block:
        """Lines with their raw bytes, read from the landing file where these are null; left out where that file is gone."""
        raw = {part["line"]: part["raw"] for part in parts}
        lost = {number for number, line in raw.items() if line is None}
        raw |= self._lines_of(name, lost)
        there = [(number, line) for number, line in sorted(raw.items()) if line is not None]
        return np.array([number for number, _ in there], np.int64), [line for _, line in there]

    def _lines_of(self, name: str, wanted: set[int]) -> dict[int, bytes]:
        if not wanted:
            return {}
        try:
            blocks = read_blocks(self.landing / name, _delivery(name).codec)
            lines = (line for numbers, raws in blocks for line in zip(numbers.tolist(), raws, strict=True))
            return {number: line for number, line in lines if number in wanted}
        except UnreadableFile:
            return {}
        except FileNotFoundError:
            if not (self.landing / self.source).is_dir():  # the landing itself is missing: nothing is known of the file
                raise
            return {}

    def _tables_of(self, lines: pa.BinaryScalar) -> Iterator[pa.Table]:
        """The tables of a line batch, without the lines of unreadable files."""
        broken = pa.array(self.unreadable, pa.string())
        for table in _tables(lines.as_buffer()):
            if len(broken):
                whole = pc.invert(pc.is_in(table["file"], value_set=broken))
                table = table.filter(pc.or_(whole, pc.equal(table["line"], 0)))
            if len(table):
                yield table

    def _named(self, table: pa.Table) -> Mask:
        """Which lines name an erased person and are no well-formed request; `Judge` leaves the same lines out."""
        people = [*self.people, ERASED_PERSON] if "reason" in table.column_names else self.people
        if not people or "persons" not in table.column_names or _are_requests(table):
            return np.zeros(len(table), np.bool_)
        return naming(table["persons"], people)

    def _deduplicated(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """The lines of line batches with the fates that other lines give them: erased, or as `changes` says."""
        for batch in batches:
            for lines, parts in zip(batch["lines"], batch["changes"], strict=True):
                found = [deserialized(part) for part in parts.values] if parts.is_valid else []
                changes = pa.concat_tables([CHANGE.empty_table(), *found])
                for table in self._tables_of(lines):
                    yield from self._with_changes(table, changes)

    def _with_changes(self, table: pa.Table, changes: pa.Table) -> Iterator[pa.Table]:
        erased = self._named(table)
        at = np.where(erased, -1, _positions(table, changes) if "event_key" in table.column_names else -1)
        is_left = ~erased & (at < 0)
        rest = table if is_left.all() else table.filter(pa.array(is_left))
        if len(rest):
            is_refused = "reason" in rest.column_names
            yield rest if is_refused or "raw" not in rest.column_names else rest.drop_columns("raw")
        if erased.any():
            gone = table.filter(pa.array(erased))
            yield _of_fate(gone.select(["dt", "file", "line"]), Fate.ERASED)
        if (at >= 0).any():
            yield from self._changed(table.filter(pa.array(at >= 0)), changes.take(pa.array(at[at >= 0])))

    def _changed(self, table: pa.Table, changes: pa.Table) -> Iterator[pa.Table]:
        """Lines with the fates of the corresponding rows of `changes`."""
        for fate in pc.unique(changes["new_fate"]).to_pylist():
            is_of_fate = pc.equal(changes["new_fate"], fate)
            lines = table.filter(is_of_fate)
            kept = [name for name in KEPT[Fate(fate)] if name in lines.column_names and name not in ("fate", "reason")]
            changed = _of_fate(lines.select(kept), Fate(fate))
            if fate in KEEP_RAW:
                changed = changed.append_column("reason", changes.filter(is_of_fate)["new_reason"])
                if "raw" not in changed.column_names:
                    changed = changed.append_column("raw", self._raw_of(changed))
            if fate == Fate.WITHDRAWN:  # a later line follows its event, or the same line of a file that is read again
                changed = changed.append_column("withdrawn_by", changes.filter(is_of_fate)["new_withdrawn_by"])
            yield changed

    def _raw_of(self, table: pa.Table) -> pa.Array:
        places = list(zip(table["file"].to_pylist(), table["line"].to_pylist(), strict=True))
        wanted: dict[str, set[int]] = defaultdict(set)
        for name, number in places:
            wanted[name].add(number)
        found = {name: self._lines_of(name, numbers) for name, numbers in wanted.items()}
        return pa.array([found[name].get(number) for name, number in places], pa.binary())


class _LineBatcher:
    """Collects lines and markers into the next line batch of a task."""

    def __init__(self, reader: Reader, *, keep_raw: bool):
        self._classifier, self._schema = reader.classifier(), reader.schema
        self._keep_raw = keep_raw
        task = TaskContext.get()
        self._next = (task.partitionId() if task else 0) << 32
        self.bytes = 0
        self.markers: list[dict[str, Any]] = []
        self._lines = Lines()
        self._tables: dict[str | None, list[pa.Table]] = defaultdict(list)  # by type of event, refused lines under None

    def add(self, file: LandingPath, block: Block) -> None:
        self._lines.add(file, block)
        if self._lines.bytes >= _BYTES_AT_A_TIME:
            self._classify()

    def _classify(self) -> None:
        self.bytes += self._lines.bytes
        for table in self._classifier.classified(self._lines, keep_raw=self._keep_raw):
            self._tables[table["event_type"][0].as_py() if "event_key" in table.column_names else None].append(table)
        self._lines = Lines()

    def flush(self) -> pa.RecordBatch:
        self._classify()
        tables = [pa.concat_tables(parts, promote_options="default") for parts in self._tables.values()]
        candidates = [table for table in tables if "event_key" in table.column_names]
        for fate in (Fate.READ.value, Fate.UNREADABLE.value):
            if markers := [marker for marker in self.markers if marker["fate"] == fate]:
                tables.append(pa.Table.from_pylist(markers, schema=_marker_schema(self._schema)))
        row = {
            "batch": self._next,
            "unreadable": [marker["file"] for marker in self.markers if marker["fate"] == Fate.UNREADABLE.value],
            "candidates": sum(map(len, candidates)),
            "has_requests": any(map(_are_requests, candidates)),
            "keys": b"".join(digests(table["event_key"])[:, 0].tobytes() for table in candidates),
            "copies": serialized(self._copies(candidates)),
            "lines": b"".join(map(serialized, tables)),
        }
        self._next += 1
        self.bytes, self.markers = 0, []
        self._tables.clear()
        return pa.RecordBatch.from_pylist([row], schema=LINE_BATCH)

    def _copies(self, candidates: list[pa.Table]) -> pa.Table:
        found = [table.select([name for name in _NEW_COPY if name in table.column_names]) for table in candidates]
        copies = pa.concat_tables([_NO_COPY, *found], promote_options="default")
        return slim(copies.append_column("batch", pa.repeat(pa.scalar(self._next, pa.int64()), len(copies))))


class _Writer:
    """Collects deduplicated lines by partition, those that are accepted also by type, and writes them as data files."""

    def __init__(self, reader: Reader):
        self._schema, self._uri = reader.schema, reader.table
        self._tables: dict[tuple[str, str], list[pa.Table]] = defaultdict(list)  # by fate and type of event
        self.bytes = 0

    def add(self, table: pa.Table) -> None:
        """Take lines of one fate, if accepted of one type of event."""
        fate = table["fate"][0].as_py()
        self.bytes += table.nbytes
        self._tables[fate, table["event_type"][0].as_py() if fate == Fate.ACCEPTED else ""].append(table)

    def flush(self) -> Iterator[pa.RecordBatch]:
        partitions: dict[tuple[str, str | None], list[pa.Table]] = defaultdict(list)
        for fate, event_type in sorted(self._tables):
            rows = pa.concat_tables(self._tables.pop((fate, event_type)), promote_options="default")
            rows = rows.sort_by([(name, "ascending") for name in _ORDER if name in rows.column_names])
            for month, part in _by_month(rows) if fate == Fate.ACCEPTED else [(None, rows)]:
                partitions[fate, month].append(part)
        for (fate, month), parts in partitions.items():
            partition = {"fate": fate, "event_month": month}
            yield write_file(self._uri, partition, _stacked(parts, self._schema), described=event_tables.DESCRIBED)
        self.bytes = 0


def _by_month(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Runs of rows of one month of the business date."""
    months = rows["event_date"].to_numpy().astype("datetime64[M]")
    for begin, end in runs(months):
        yield str(months[begin]), rows.slice(begin, end - begin)


def _stacked(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    """Tables under one another, with the columns of a schema that any of them has, but for partition columns."""
    there = {name for table in tables for name in table.column_names} - set(event_tables.PARTITION_COLUMNS)
    columns = pa.schema([column for column in schema if column.name in there])
    nulls = _nulls(columns, max(map(len, tables)))
    return pa.concat_tables([_widened(table, columns, nulls) for table in tables])


def _are_requests(table: pa.Table) -> bool:
    """Whether a table, which holds one type of candidates or refused lines, holds well-formed requests to be erased."""
    return "event_key" in table.column_names and table["event_type"][0].as_py() == ERASURE_REQUEST


def _delivery(name: str) -> LandingPath:
    file = landing_path(name)
    assert file is not None, name
    return file


def _marker_schema(schema: pa.Schema) -> pa.Schema:
    names = ("fate", "dt", "file", "line", "rows_read", "error", "bytes", "modified_at", "reread_by")
    return pa.schema([schema.field(name) for name in names])


def _tables(stream: pa.Buffer) -> Iterator[pa.Table]:
    """Serialized tables that lie one after another."""
    content = pa.BufferReader(stream)
    while content.tell() < content.size():
        yield pa.ipc.open_stream(content).read_all()


def _positions(table: pa.Table, changes: pa.Table) -> NDArray[np.int64]:
    """For each line the position of its change, -1 if it has none."""
    if not len(changes):
        return np.full(len(table), -1)
    files = pc.unique(changes["file"])
    changed = place_numbers(changes, files)
    order = np.argsort(changed)
    wanted = place_numbers(table, files)
    near = order[np.minimum(np.searchsorted(changed[order], wanted), len(order) - 1)]
    return np.where(changed[near] == wanted, near, -1)


def _of_fate(kept: pa.Table, fate: Fate) -> pa.Table:
    return kept.append_column("fate", pa.repeat(fate.value, len(kept)))


def _nulls(schema: pa.Schema, length: int) -> dict[pa.DataType, pa.Array]:
    """For each type an array of nulls, for all missing columns of that type."""
    return {kind: pa.nulls(length, kind) for kind in set(schema.types)}


def _widened(table: pa.Table, schema: pa.Schema, nulls: dict[pa.DataType, pa.Array]) -> pa.Table:
    """The columns of a schema, null where the table has none."""
    there = set(table.column_names)
    columns = [table[column.name] if column.name in there else nulls[column.type][: len(table)] for column in schema]
    return pa.table(columns, schema=schema)
