"""Lines as Arrow columns: `Lines.classified` gives every line what `classify` gives it, most of them a whole column at a time.

A line is plain if nothing about it needs thought: the six fields of the envelope and no other, known fields, no empty string,
amounts and times in their usual form. Plain lines of a type are checked and converted column by column, half as fast again;
every other line is classified by itself.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from operator import itemgetter
from types import NoneType
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contract import MAX_LINE_BYTES, PERSON_FIELDS, EventType, Fate, Field, Kind, event_types, order_lines
from spark_jobs.ingest.classify import Classifier, Fault, Line, canonical, decode, encode, field_parser, has_unknown_parts
from spark_jobs.ingest.files import LandingFile

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_MONEY = pa.decimal128(18, 2)
_ORDER_LINES = pa.list_(pa.struct([("product_id", pa.string()), ("quantity", pa.int64()), ("unit_price", _MONEY)]))
_PLAIN_AMOUNT = r"\A[0-9]{1,15}(\.[0-9]{1,2})?\z"
_PLAIN_TIME = (
    r"\A(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z"
)
_NOT_PLAIN = (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError, LookupError, TypeError)
_envelope = itemgetter("specversion", "id", "source", "type", "time", "data")

Columns = dict[str, pa.Array]
Bad = set[int]  # positions of lines that are not plain


class Lines:
    """Lines of landing files that wait to be classified together."""

    def __init__(self) -> None:
        self.files: list[LandingFile] = []
        self.at: list[int] = []  # positions in `files`
        self.numbers: list[int] = []
        self.raws: list[bytes] = []
        self.bytes = 0

    def add(self, file: LandingFile, lines: Iterable[tuple[int, bytes]]) -> None:
        for number, raw in lines:
            self.numbers.append(number)
            self.raws.append(raw)
            self.bytes += len(raw)
        self.at.extend([len(self.files)] * (len(self.numbers) - len(self.at)))
        self.files.append(file)


class ColumnClassifier:
    """Classifies the lines of one source into columns; see `Classifier` for the arguments."""

    def __init__(self, source: str, currency: str, timezone: str):
        self._timezone = timezone
        self._classifier = Classifier(source, currency, timezone)
        self._types = {event.name: _PlainType(event, currency) for event in event_types(source)}

    def classified(self, lines: Lines, *, keep_raw: bool = False) -> Iterator[pa.Table]:
        """Tables with the columns of `lake.ENVELOPE` and of the fields that their lines have, in no order.

        Quarantined lines keep their raw bytes, with `keep_raw` all do.
        """
        gc.disable()  # it would look for cycles among all the parsed lines, again and again, and find none
        try:
            yield from self._classified(lines, keep_raw)
        finally:
            gc.enable()

    def _classified(self, lines: Lines, keep_raw: bool) -> Iterator[pa.Table]:
        groups: dict[str, list[Any]] = {name: [] for name in self._types}
        odd = []
        for position, raw in enumerate(lines.raws):
            try:
                event = decode(raw)
                parts = _envelope(event)
                group = groups[parts[3]]
            except _NOT_PLAIN:
                odd.append(position)
                continue
            if len(event) == len(parts) and len(raw) <= MAX_LINE_BYTES:
                group.append((position, event, *parts))
            else:
                odd.append(position)
        at = np.array(lines.at)
        latest = np.array([self._classifier.latest_time(file.dt) for file in lines.files])
        for name, rows in groups.items():
            if rows:
                positions, *parts = zip(*rows, strict=True)
                bad: Bad = set()
                columns = self._types[name].columns(parts, latest[at[list(positions)]], bad)
                table = self._placed(columns, lines, list(positions), keep_raw)
                if bad:
                    odd.extend(positions[index] for index in bad)
                    table = table.take(pa.array([index for index in range(len(positions)) if index not in bad], pa.int64()))
                if len(table):
                    yield table
        yield from self._odd(lines, sorted(odd), latest, keep_raw)

    def _odd(self, lines: Lines, positions: list[int], latest: Any, keep_raw: bool) -> Iterator[pa.Table]:
        groups: dict[str | None, list[tuple[int, Line]]] = defaultdict(list)
        for position in positions:
            line = self._classifier.classify(lines.raws[position], int(latest[lines.at[position]]))
            groups[line.type if line.reason is None else None].append((position, line))
        for name, rows in groups.items():
            found = [line for _, line in rows]
            columns = _refused(found) if name is None else _columns(found)
            yield self._placed(columns, lines, [position for position, _ in rows], keep_raw or name is None)

    def _placed(self, columns: Columns, lines: Lines, positions: list[int], keep_raw: bool) -> pa.Table:
        """The columns with those that say where and when: dt, file, line, event_date, event_month."""
        at = pa.array([lines.at[position] for position in positions], pa.int32())
        columns["dt"] = pa.array([file.dt for file in lines.files], pa.date32()).take(at)
        columns["file"] = pa.array([file.name for file in lines.files], pa.string()).take(at)
        columns["line"] = pa.array([lines.numbers[position] for position in positions], pa.int64())
        if keep_raw:
            columns["raw"] = pa.array([lines.raws[position] for position in positions], pa.binary())
        if "event_time" in columns:
            local = pc.local_timestamp(columns["event_time"].cast(pa.timestamp("us", tz=self._timezone)))
            dates = pc.floor_temporal(local, unit="day").cast(pa.date32())
            days = dates.dictionary_encode()
            columns["event_date"] = dates
            columns["event_month"] = pc.strftime(days.dictionary, "%Y-%m").take(days.indices)
        return pa.table(columns)


class _PlainType:
    """How the plain lines of one event type become columns."""

    def __init__(self, event: EventType, currency: str):
        self._name = event.name
        self._names = frozenset(field.name for field in event.fields)
        self._fields = [(field.name, _converter(field, currency)) for field in event.fields]
        self._has_order_lines = order_lines.name in self._names
        self._persons = [name for name in PERSON_FIELDS if name in self._names]
        self._only_person = {field.name for field in event.fields if field.required} if len(self._persons) == 1 else set()

    def columns(self, parts: list[Any], latest: Any, bad: Bad) -> Columns:
        """Columns of lines that are given as events, specversions, ids, sources, types, times and data.

        `bad` gets the positions of the lines that are not plain; what the columns hold there means nothing.
        """
        events, versions, ids, sources, _, times, data = parts
        columns: Columns = {
            "event_type": pa.repeat(self._name, len(events)),
            "fate": pa.repeat(Fate.ACCEPTED.value, len(events)),
        }
        _one_of(frozenset(["1.0"]), required=True)(versions, bad)
        columns["event_id"] = _texts(True)(ids, bad)
        columns["event_source"] = _texts(True)(sources, bad)
        columns["event_time"] = _times(True)(times, bad)
        late = columns["event_time"].cast(pa.int64()).fill_null(0).to_numpy() > latest
        bad.update(np.flatnonzero(late).tolist())
        if set(map(type, data)) != {dict}:
            bad.update(index for index, value in enumerate(data) if type(value) is not dict)
            data = [value if type(value) is dict else {} for value in data]
        bad.update(index for index, value in enumerate(data) if not value.keys() <= self._names)
        if self._has_order_lines:
            bad.update(index for index, value in enumerate(data) if has_unknown_parts(value))
        for name, convert in self._fields:
            columns[name] = convert([value.get(name) for value in data], bad)
        if self._persons:
            columns["persons"] = self._named(columns)
        pairs = zip(ids, sources, strict=True)
        columns["event_key"] = pa.array([_digest(encode([source, id_])) for id_, source in pairs], pa.binary())
        columns["value_hash"] = pa.array([_digest(canonical(event)) for event in events], pa.binary())
        return columns

    def _named(self, columns: Columns) -> pa.Array:
        """The persons that each line names."""
        if self._only_person and self._persons[0] in self._only_person:
            people = columns[self._persons[0]]
            return pa.ListArray.from_arrays(pa.array(range(len(people) + 1), pa.int32()), people)
        rows = zip(*(columns[name].to_pylist() for name in self._persons), strict=True)
        return pa.array([[person for person in row if person is not None] or None for row in rows], pa.list_(pa.string()))


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _converter(field: Field, currency: str) -> Callable[[Any, Bad], pa.Array]:
    match field.kind:
        case Kind.IDENTIFIER | Kind.TEXT:
            return _texts(field.required)
        case Kind.ENUM:
            return _one_of(frozenset(field.values), field.required)
        case Kind.CURRENCY:
            return _one_of(frozenset([currency]), field.required)
        case Kind.MONEY:
            return _amounts(field, currency)
        case Kind.TIME:
            return _times(field.required)
        case Kind.INTEGER | Kind.BOOLEAN | Kind.ORDER_LINES:
            return _each(field, currency)


def _only(kind: type, column: Any, required: bool, bad: Bad) -> list[Any]:
    """The column with None for values of another type; these are bad, as is None where a value is required."""
    kinds = set(map(type, column))
    if kinds == {kind}:
        return list(column)
    if not kinds <= {kind, NoneType}:
        bad.update(index for index, value in enumerate(column) if type(value) not in (kind, NoneType))
    if required:
        bad.update(index for index, value in enumerate(column) if value is None)
    return [value if type(value) is kind else None for value in column]


def _texts(required: bool) -> Callable[[Any, Bad], pa.Array]:
    def convert(column: Any, bad: Bad) -> pa.Array:
        column = _only(str, column, required, bad)
        if "" in column:
            bad.update(index for index, value in enumerate(column) if value == "")
        return pa.array(column, pa.string())

    return convert


def _one_of(allowed: frozenset[str], required: bool) -> Callable[[Any, Bad], pa.Array]:
    def convert(column: Any, bad: Bad) -> pa.Array:
        column = _only(str, column, required, bad)
        if not set(column) <= allowed | {None}:
            bad.update(index for index, value in enumerate(column) if value is not None and value not in allowed)
        return pa.array(column, pa.string())

    return convert


def _matching(pattern: str, column: list[str | None], bad: Bad) -> pa.Array:
    """The texts that match; others are null and bad."""
    texts = pa.array(column, pa.string())
    matches = pc.match_substring_regex(texts, pattern)
    if not pc.all(matches, min_count=0).as_py():
        bad.update(np.flatnonzero(~matches.fill_null(True).to_numpy(zero_copy_only=False)).tolist())
        texts = pc.if_else(matches, texts, pa.scalar(None, pa.string()))
    return texts


def _times(required: bool) -> Callable[[Any, Bad], pa.Array]:
    def convert(column: Any, bad: Bad) -> pa.Array:
        texts = _matching(_PLAIN_TIME, _only(str, column, required, bad), bad)
        try:
            return texts.cast(_TIMESTAMP)
        except pa.ArrowInvalid:  # the 30th of February
            bad.update(range(len(texts)))
            return pa.nulls(len(texts), _TIMESTAMP)

    return convert


def _amounts(field: Field, currency: str) -> Callable[[Any, Bad], pa.Array]:
    one_by_one = _each(field, currency)

    def convert(column: Any, bad: Bad) -> pa.Array:
        if set(map(type, column)) <= {str, NoneType}:
            return _matching(_PLAIN_AMOUNT, _only(str, column, field.required, bad), bad).cast(_MONEY)
        return one_by_one(column, bad)

    return convert


def _each(field: Field, currency: str) -> Callable[[Any, Bad], pa.Array]:
    """Value by value, as `Classifier` reads it."""
    parse = field_parser(field, currency).parse
    build = _ARRAYS[field.kind]

    def convert(column: Any, bad: Bad) -> pa.Array:
        values = []
        for index, value in enumerate(column):
            try:
                values.append(None if value is None else parse(value))
                if value is None and field.required:
                    bad.add(index)
            except Fault:
                bad.add(index)
                values.append(None)
        return build(values)

    return convert


def _described(lines: list[Line]) -> Columns:
    text = pa.string()
    return {
        "event_id": pa.array([line.id for line in lines], text),
        "event_source": pa.array([line.source for line in lines], text),
        "event_type": pa.array([line.type for line in lines], text),
        "persons": pa.array([line.persons for line in lines], pa.list_(text)),
    }


def _refused(lines: list[Line]) -> Columns:
    reasons = [line.reason.value for line in lines if line.reason]
    fates = pa.repeat(Fate.QUARANTINED.value, len(lines))
    return _described(lines) | {"fate": fates, "reason": pa.array(reasons, pa.string())}


def _columns(lines: list[Line]) -> Columns:
    """Columns of candidates of one event type."""
    event = lines[0].event
    assert event is not None
    columns = _described(lines) | {
        "fate": pa.repeat(Fate.ACCEPTED.value, len(lines)),
        "event_key": pa.array([line.key for line in lines], pa.binary()),
        "value_hash": pa.array([line.value_hash for line in lines], pa.binary()),
        "event_time": _instants([line.time for line in lines]),
        "extra": pa.array([line.extra for line in lines], pa.string()),
        "extensions": pa.array([line.extensions for line in lines], pa.string()),
    }
    values = zip(*(line.values for line in lines if line.values is not None), strict=True)
    for field, column in zip(event.fields, values, strict=True):
        columns[field.name] = _ARRAYS[field.kind](column)
    return columns


def _strings(values: Iterable[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _instants(values: Iterable[int | None]) -> pa.Array:
    return pa.array(values, pa.int64()).view(_TIMESTAMP)


def _cents(values: Iterable[int | None]) -> pa.Array:
    """Cents as decimals: both are 128-bit integers, only the scale is another."""
    cents = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(_MONEY, len(cents), cents.buffers(), cents.null_count)


_ARRAYS: dict[Kind, Callable[[Any], pa.Array]] = {
    Kind.IDENTIFIER: _strings,
    Kind.TEXT: _strings,
    Kind.ENUM: _strings,
    Kind.CURRENCY: _strings,
    Kind.MONEY: _cents,
    Kind.TIME: _instants,
    Kind.INTEGER: lambda values: pa.array(values, pa.int64()),
    Kind.BOOLEAN: lambda values: pa.array(values, pa.bool_()),
    Kind.ORDER_LINES: lambda values: pa.array(values, _ORDER_LINES),
}
