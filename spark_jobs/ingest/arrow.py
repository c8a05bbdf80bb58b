"""What runs inside the Python workers: landing files in, packs of classified lines between, files of the event table out.

A pack holds some megabytes of lines as Arrow tables in one binary value. Spark keeps, moves and joins packs and never sees the
hundred columns of a line, which it would handle row by row; it gets the few columns that decide a line's fate. These few lie
in a binary value of their own, so that what only judges lines does not move the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext

from expectations.contract import ERASURE_REQUEST, Fate
from spark_jobs import lake
from spark_jobs.data_files import write_file
from spark_jobs.ingest.columns import ColumnClassifier, Lines
from spark_jobs.ingest.files import Block, LandingFile, UnreadableFile, landing_file, read_blocks
from spark_jobs.ingest.history import naming
from spark_jobs.ingest.settle import COPY_COLUMNS, KEPT, Buckets, Digests, are_among, digests
from spark_jobs.packs import packed

PACK = pa.schema(
    {
        "pack": pa.int64(),
        "unreadable": pa.list_(pa.string()),
        "requests": pa.binary(),  # as `KEYS`
        "copies": pa.int64(),
        "heads": pa.binary(),
        "bodies": pa.binary(),
    }
)
KEYS = pa.schema({"keys": pa.binary()})
_HEAD = ("dt", "file", "line", "fate", "event_type", "event_key", "value_hash", "persons")
_NEW_COPY = ("dt", "file", "line", "fate", "event_key", "value_hash")
_ORDER = ("event_type", "event_time", "file", "line")
_PACK_BYTES = 16 << 20  # of raw lines
_BUFFERED_BYTES = 512 << 20


@dataclass(frozen=True)
class LandedFile:
    """A landing file as the listing saw it; the time in whole seconds, which every file system keeps."""

    name: str
    bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Reader:
    """Reads and settles the lines of a source; its methods are for `mapInArrow`.

    Args:
        schema: of the event table, partition columns among the others.
        table: where the event table lies.
        slots: the files that each task of `pack_files` reads.
        unreadable: files that broke; of these only line 0 is left.
        people: whose lines are erased, but for well-formed requests to be.
        keys: the first halves of the event keys whose copies are looked for, sorted; None looks for all.
        buckets: for the copies.
    """

    landing: str
    source: str
    currency: str
    timezone: str
    schema: pa.Schema
    table: str
    slots: Sequence[Sequence[LandedFile]] = ()
    unreadable: Sequence[str] = ()
    people: Sequence[str] = field(default=(), repr=False)
    keys: Digests | None = field(default=None, repr=False)
    buckets: Buckets = field(default_factory=Buckets)

    def pack_files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Positions in `slots` to rows of `PACK`. Every file ends with its line 0.

        That line is `read` with the number of its lines, or `unreadable` with the error.
        """
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                yield from self._packs(self.slots[slot])

    def pack_lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of file, lines [{line, raw}] to rows of `PACK`, whose lines all keep their raw bytes."""
        packs = _Packs(self, keep_raw=True)
        for batch in batches:
            for row in batch.to_pylist():
                packs.lines.add(_delivery(row["file"]), self._raw_lines(row["file"], row["lines"]))
                if packs.lines.bytes >= _PACK_BYTES:
                    yield packs.flush()
        yield packs.flush()

    def restore_lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of file, lines [{line, raw}] to classified lines with their raw bytes, in `schema`."""
        classifier = self.classifier()
        for batch in batches:
            for row in batch.to_pylist():
                lines = Lines()
                lines.add(_delivery(row["file"]), self._raw_lines(row["file"], row["lines"]))
                for table in classifier.classified(lines, keep_raw=True):
                    yield from _widened(table, self.schema).to_batches()

    def copies(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packs to rows of `BUCKET`: the candidates that are not erased, of some events or of all."""
        for pack, tables in groupby(self._unpacked(batches), itemgetter(0)):
            found = [self._copies(table) for _, table in tables if "event_key" in table.column_names]
            if found:
                copies = pa.concat_tables(found, promote_options="default")
                numbers = pa.repeat(pa.scalar(pack, pa.int64()), len(copies))
                yield from self.buckets.of_table(copies.append_column("pack", numbers))

    def all_keys(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packs to the first halves of the event keys of their candidates: rows of `KEYS`."""
        for _, table in self._unpacked(batches):
            if "event_key" in table.column_names:
                yield pa.RecordBatch.from_pylist([{"keys": _keys(table)}], schema=KEYS)

    def lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packs with `changes` to settled lines in `schema`."""
        for table in self._settled(batches):
            yield from _widened(table, self.schema).to_batches()

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packs with `changes` to data files in the folder of the table, which no commit names yet: rows of `DATA_FILE`."""
        writer = _Writer(self)
        for table in self._settled(batches):
            writer.add(table)
            if writer.bytes >= _BUFFERED_BYTES:
                yield from writer.flush()
        yield from writer.flush()

    def classifier(self) -> ColumnClassifier:
        return ColumnClassifier(self.source, self.currency, self.timezone)

    def _packs(self, files: Sequence[LandedFile]) -> Iterator[pa.RecordBatch]:
        packs = _Packs(self, keep_raw=False)
        for known in files:
            file = _delivery(known.name)
            rows = 0
            marker: dict[str, Any] = {"bytes": known.bytes, "modified_at": known.modified_at}
            try:
                for block in read_blocks(f"{self.landing}/{known.name}", file.codec):
                    rows += len(block[1])
                    packs.lines.add(file, block)
                    if packs.lines.bytes >= _PACK_BYTES:
                        yield packs.flush()
                marker |= {"fate": Fate.READ.value, "rows_read": rows}
            except UnreadableFile as error:
                marker |= {"fate": Fate.UNREADABLE.value, "error": str(error)}
            packs.markers.append({"file": known.name, "dt": file.dt, "line": 0} | marker)
        yield packs.flush()

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
            blocks = read_blocks(f"{self.landing}/{name}", _delivery(name).codec)
            lines = (line for numbers, raws in blocks for line in zip(numbers.tolist(), raws, strict=True))
            return {number: line for number, line in lines if number in wanted}
        except UnreadableFile:
            return {}

    def _unpacked(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, pa.Table]]:
        """The tables of packs, each with the pack's number, without the lines of unreadable files.

        They have the columns of the heads, those of the bodies only if the batches do.
        """
        broken = pa.array(self.unreadable, pa.string())
        for batch in batches:
            parts = [batch[name] for name in ("heads", "bodies") if name in batch.schema.names]
            for pack, *streams in zip(batch["pack"].to_pylist(), *parts, strict=True):
                for table in _tables(stream.as_buffer() for stream in streams):
                    if len(broken):
                        whole = pc.invert(pc.is_in(table["file"], value_set=broken))
                        table = table.filter(pc.or_(whole, pc.equal(table["line"], 0)))
                    if len(table):
                        yield pack, table

    def _copies(self, table: pa.Table) -> pa.Table:
        named = self._named(table)
        if named.any():
            table = table.filter(pa.array(~named))
        if self.keys is None:
            return table.select(_NEW_COPY)
        table = table.filter(pa.array(are_among(digests(table["event_key"])[:, 0], self.keys)))
        return table.select([name for name in COPY_COLUMNS if name in table.column_names])

    def _named(self, table: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which lines name a person that is erased and are no well-formed request."""
        if not self.people or "persons" not in table.column_names or _are_requests(table):
            return np.zeros(len(table), np.bool_)
        return naming(table["persons"], self.people)

    def _settled(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """The lines of packs with the fates that other lines give them: erased, and what `changes` says."""
        for batch in batches:
            for row in range(len(batch)):
                changes = batch["changes"][row].as_py() or ()
                fates = {(change["file"], change["line"]): (change["fate"], change["reason"]) for change in changes}
                for _, table in self._unpacked([batch.slice(row, 1)]):
                    yield from self._resettled(table, fates)

    def _resettled(self, table: pa.Table, fates: dict[tuple[str, int], tuple[str, str]]) -> Iterator[pa.Table]:
        erased = self._named(table)
        changed = np.zeros(len(table), np.bool_)
        if fates and "event_key" in table.column_names:
            numbers = pa.array(sorted({line for _, line in fates}), pa.int64())
            for index in np.flatnonzero(pc.is_in(table["line"], value_set=numbers).to_numpy()):
                changed[index] = (table["file"][index].as_py(), table["line"][index].as_py()) in fates
        changed &= ~erased
        rest = table.filter(pa.array(~(erased | changed))) if erased.any() or changed.any() else table
        if len(rest):
            is_refused = "reason" in rest.column_names
            yield rest if is_refused or "raw" not in rest.column_names else rest.drop_columns("raw")
        if erased.any():
            gone = table.filter(pa.array(erased))
            yield _only(gone.select(["dt", "file", "line"]), Fate.ERASED, None)
        if changed.any():
            yield from self._changed(table.filter(pa.array(changed)), fates)

    def _changed(self, table: pa.Table, fates: dict[tuple[str, int], tuple[str, str]]) -> Iterator[pa.Table]:
        new = [fates[place] for place in zip(table["file"].to_pylist(), table["line"].to_pylist(), strict=True)]
        for fate, reason in sorted(set(new), key=str):
            lines = table.filter(pa.array([found == (fate, reason) for found in new]))
            kept = [name for name in KEPT[Fate(fate)] if name in lines.column_names and name not in ("fate", "reason")]
            settled = _only(lines.select(kept), Fate(fate), reason)
            if fate == Fate.QUARANTINED and "raw" not in settled.column_names:
                settled = settled.append_column("raw", self._raw_of(settled))
            yield settled

    def _raw_of(self, table: pa.Table) -> pa.Array:
        places = list(zip(table["file"].to_pylist(), table["line"].to_pylist(), strict=True))
        wanted: dict[str, set[int]] = defaultdict(set)
        for name, number in places:
            wanted[name].add(number)
        found = {name: self._lines_of(name, numbers) for name, numbers in wanted.items()}
        return pa.array([found[name].get(number) for name, number in places], pa.binary())


class _Packs:
    """Collects lines and markers into the next pack of a task."""

    def __init__(self, reader: Reader, *, keep_raw: bool):
        self._classifier, self._schema, self._keep_raw = reader.classifier(), reader.schema, keep_raw
        task = TaskContext.get()
        self._next = (task.partitionId() if task else 0) << 32
        self.lines = Lines()
        self.markers: list[dict[str, Any]] = []

    def flush(self) -> pa.RecordBatch:
        tables = list(self._classifier.classified(self.lines, keep_raw=self._keep_raw))
        requests = b"".join(_keys(table) for table in tables if _are_requests(table))
        copies = sum(len(table) for table in tables if "event_key" in table.column_names)
        for fate in (Fate.READ.value, Fate.UNREADABLE.value):
            if markers := [marker for marker in self.markers if marker["fate"] == fate]:
                tables.append(pa.Table.from_pylist(markers, schema=_marker_schema(self._schema)))
        unreadable = [marker["file"] for marker in self.markers if marker["fate"] == Fate.UNREADABLE.value]
        named = [(table, [name for name in _HEAD if name in table.column_names]) for table in tables]
        heads = b"".join(packed(table.select(head)) for table, head in named)
        bodies = b"".join(packed(table.drop_columns(head)) for table, head in named)
        values = (self._next, unreadable, requests, copies, heads, bodies)
        pack = pa.RecordBatch.from_pylist([dict(zip(PACK.names, values, strict=True))], schema=PACK)
        self._next += 1
        self.lines, self.markers = Lines(), []
        return pack


class _Writer:
    """Collects settled lines by partition, those that are accepted also by type, and writes them as data files."""

    def __init__(self, reader: Reader):
        self._schema, self._uri = reader.schema, reader.table
        self._tables: dict[tuple[str, str | None], dict[str, list[pa.Table]]] = defaultdict(lambda: defaultdict(list))
        self.bytes = 0

    def add(self, table: pa.Table) -> None:
        """Take lines of one fate."""
        fate = table["fate"][0].as_py()
        self.bytes += table.nbytes
        if fate != Fate.ACCEPTED:
            self._tables[fate, None][""].append(table)
            return
        event_type = table["event_type"][0].as_py()
        months = pc.unique(table["event_month"]).to_pylist()
        for month in months:
            part = table if len(months) == 1 else table.filter(pc.equal(table["event_month"], month))
            self._tables[fate, month][event_type].append(part)

    def flush(self) -> Iterator[pa.RecordBatch]:
        for fate, month in sorted(self._tables, key=str):
            kinds = self._tables.pop((fate, month))
            rows = _stacked([_sorted(kinds[kind]) for kind in sorted(kinds)], self._schema)
            partition = {"fate": fate, "event_month": month}
            yield write_file(self._uri, partition, rows, described=lake.DESCRIBED)
        self.bytes = 0


def _sorted(tables: list[pa.Table]) -> pa.Table:
    rows = pa.concat_tables(tables, promote_options="default")
    return rows.sort_by([(name, "ascending") for name in _ORDER if name in rows.column_names])


def _stacked(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    """Tables under one another, with the columns of a schema that any of them has, but for partition columns."""
    there = {name for table in tables for name in table.column_names} - set(lake.PARTITION_COLUMNS)
    columns = pa.schema([column for column in schema if column.name in there])
    return pa.concat_tables([_widened(table, columns) for table in tables])


def _are_requests(table: pa.Table) -> bool:
    """Whether a table, which holds one type of candidates or refused lines, holds well-formed requests to be erased."""
    return "event_key" in table.column_names and table["event_type"][0].as_py() == ERASURE_REQUEST


def _keys(table: pa.Table) -> bytes:
    """The first halves of event keys."""
    return digests(table["event_key"])[:, 0].tobytes()


def _delivery(name: str) -> LandingFile:
    file = landing_file(name)
    assert file is not None, name
    return file


def _marker_schema(schema: pa.Schema) -> pa.Schema:
    names = ("fate", "dt", "file", "line", "rows_read", "error", "bytes", "modified_at")
    return pa.schema([schema.field(name) for name in names])


def _tables(parts: Iterable[pa.Buffer]) -> Iterator[pa.Table]:
    """Packed tables that lie one after another, the columns of all parts side by side."""
    first, *others = map(pa.BufferReader, parts)
    while first.tell() < first.size():
        table = pa.ipc.open_stream(first).read_all()
        for other in others:
            more = pa.ipc.open_stream(other).read_all()
            for name in more.column_names:
                table = table.append_column(name, more[name])
        yield table


def _only(kept: pa.Table, fate: Fate, reason: str | None) -> pa.Table:
    kept = kept.append_column("fate", pa.repeat(fate.value, len(kept)))
    return kept.append_column("reason", pa.repeat(reason, len(kept))) if reason else kept


def _widened(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of a schema, null where the table has none; all such columns of a type are one array."""
    missing = {column.type for column in schema if column.name not in table.column_names}
    nulls = {kind: pa.nulls(len(table), kind) for kind in missing}
    columns = [table[column.name] if column.name in table.column_names else nulls[column.type] for column in schema]
    return pa.table(columns, schema=schema)
