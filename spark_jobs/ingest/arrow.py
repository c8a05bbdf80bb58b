"""Classified lines as Arrow record batches: what runs inside the Python workers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from expectations.contract import EventType, Fate, Kind
from spark_jobs.ingest.classify import Classifier, Line
from spark_jobs.ingest.files import UnreadableFile, landing_file, read_blocks

_TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Reader:
    """Reads landing files into record batches of `schema`.

    Every file ends with its line 0: `read` with the number of its lines, or `unreadable` with the error; the rows that an
    unreadable file gave before it broke are for the caller to drop.
    """

    landing: str
    source: str
    currency: str
    timezone: str
    schema: pa.Schema

    def read_files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """For `mapInArrow` over rows of file (name), bytes, modified_at."""
        classifier = Classifier(self.source, self.currency, self.timezone)
        for batch in batches:
            for row in batch.to_pylist():
                yield from self._read_file(classifier, row["file"], row["bytes"], row["modified_at"])

    def restore_lines(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """For `mapInArrow` over rows of file, lines [{line, raw}]: single lines again, classified, with their raw bytes.

        A line without raw bytes is read from its landing file; it is left out where that file is gone.
        """
        classifier = Classifier(self.source, self.currency, self.timezone)
        for batch in batches:
            for row in batch.to_pylist():
                raw = {part["line"]: part["raw"] for part in row["lines"]}
                if None in raw.values():
                    raw |= self._lines_of(row["file"], {number for number, line in raw.items() if line is None})
                known = [(number, line) for number, line in sorted(raw.items()) if line is not None]
                yield from self._batches(classifier, row["file"], known, keep_raw=True)

    def _lines_of(self, name: str, wanted: set[int]) -> dict[int, bytes]:
        file = landing_file(name)
        assert file is not None, name
        try:
            blocks = read_blocks(f"{self.landing}/{name}", file.codec)
            return {number: line for block in blocks for number, line in block if number in wanted}
        except UnreadableFile:
            return {}

    def _read_file(self, classifier: Classifier, name: str, size: int, modified: datetime) -> Iterator[pa.RecordBatch]:
        file = landing_file(name)
        assert file is not None, name
        rows = 0
        marker: dict[str, Any] = {"file": name, "dt": file.dt, "line": 0, "bytes": size, "modified_at": modified}
        try:
            for block in read_blocks(f"{self.landing}/{name}", file.codec):
                rows += len(block)
                yield from self._batches(classifier, name, block)
            marker |= {"fate": Fate.READ.value, "rows_read": rows}
        except UnreadableFile as error:
            marker |= {"fate": Fate.UNREADABLE.value, "error": str(error)}
        yield pa.RecordBatch.from_pylist([marker], schema=self.schema)

    def _batches(
        self, classifier: Classifier, name: str, block: Iterable[tuple[int, bytes]], *, keep_raw: bool = False
    ) -> Iterator[pa.RecordBatch]:
        file = landing_file(name)
        assert file is not None, name
        latest = classifier.latest_time(file.dt)
        classify = classifier.classify
        groups: dict[EventType | None, list[tuple[int, bytes, Line]]] = defaultdict(list)
        for number, raw in block:
            line = classify(raw, latest)
            groups[line.event if line.reason is None else None].append((number, raw, line))
        for event, rows in groups.items():
            columns = _columns(rows, event)
            columns["dt"] = pa.repeat(pa.scalar(file.dt, pa.date32()), len(rows))
            columns["file"] = pa.repeat(name, len(rows))
            if event is None or keep_raw:
                columns["raw"] = pa.array([raw for _, raw, _ in rows], pa.binary())
            arrays = [
                columns[field.name] if field.name in columns else pa.nulls(len(rows), field.type) for field in self.schema
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _columns(rows: list[tuple[int, bytes, Line]], event: EventType | None) -> dict[str, pa.Array]:
    """Columns of quarantined lines (`event` is None), or of candidates of one event type."""
    lines = [line for _, _, line in rows]
    text = pa.string()
    columns = {
        "line": pa.array([number for number, _, _ in rows], pa.int64()),
        "event_id": pa.array([line.id for line in lines], text),
        "event_source": pa.array([line.source for line in lines], text),
        "event_type": pa.array([line.type for line in lines], text),
        "persons": pa.array([line.persons for line in lines], pa.list_(text)),
    }
    if event is None:
        columns["fate"] = pa.repeat(Fate.QUARANTINED.value, len(rows))
        columns["reason"] = pa.array([line.reason.value for line in lines if line.reason], text)
        return columns
    columns["fate"] = pa.repeat(Fate.ACCEPTED.value, len(rows))
    columns["event_key"] = pa.array([line.key for line in lines], pa.binary())
    columns["value_hash"] = pa.array([line.value_hash for line in lines], pa.binary())
    columns["event_time"] = _times([line.time for line in lines])
    columns["extra"] = pa.array([line.extra for line in lines], text)
    columns["extensions"] = pa.array([line.extensions for line in lines], text)
    values = zip(*(line.values for line in lines if line.values is not None), strict=True)
    for field, column in zip(event.fields, values, strict=True):
        columns[field.name] = _ARRAYS[field.kind](column)
    return columns


def _texts(values: Iterable[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _times(values: Iterable[int | None]) -> pa.Array:
    return pa.array(values, pa.int64()).view(_TIMESTAMP)


def _money(values: Iterable[int | None]) -> pa.Array:
    """Cents as decimals: both are 128-bit integers, only the scale is another."""
    cents = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), cents.buffers(), cents.null_count)


_ORDER_LINES = pa.list_(
    pa.struct([("product_id", pa.string()), ("quantity", pa.int64()), ("unit_price", pa.decimal128(18, 2))])
)
_ARRAYS: dict[Kind, Callable[[Any], pa.Array]] = {
    Kind.IDENTIFIER: _texts,
    Kind.TEXT: _texts,
    Kind.ENUM: _texts,
    Kind.CURRENCY: _texts,
    Kind.MONEY: _money,
    Kind.TIME: _times,
    Kind.INTEGER: lambda values: pa.array(values, pa.int64()),
    Kind.BOOLEAN: lambda values: pa.array(values, pa.bool_()),
    Kind.ORDER_LINES: lambda values: pa.array(values, _ORDER_LINES),
}
