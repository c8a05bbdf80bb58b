"""Lines as Arrow columns: `ColumnClassifier` gives every line what `classify` gives it, most of them a whole column at a time.

A line is plain if it has no special case: no empty string, amounts and times in their usual form. Plain lines are decoded into
structs of their type, which checks most of this on the way, and then become columns together; every other line is classified
by itself. What a plain line says beyond the contract, because its producer is ahead, is set aside in a second look.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import reduce
from hashlib import blake2b
from operator import attrgetter, or_
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple
from numpy.typing import NDArray

from contract.events import (
    EVENT_TYPES,
    MAX_LINE_BYTES,
    MONEY_LIMIT,
    ORDER_LINE,
    EventType,
    Fate,
    Field,
    Kind,
    person_fields,
)
from spark_jobs.ingest.classify import (
    EARLIEST_MICROS,
    ENVELOPE,
    INT64,
    MONEY_DIGITS,
    Classifier,
    Line,
    canonical,
    content_hasher,
    decode,
    encode,
    number,
    unknown_fields,
)
from spark_jobs.ingest.files import Block, LandingPath

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_MONEY = pa.decimal128(18, 2)
_ORDER_LINES = pa.list_(pa.struct([("product_id", pa.string()), ("quantity", pa.int64()), ("unit_price", _MONEY)]))
_PLAIN_AMOUNT = rf"\A[0-9]{{1,{MONEY_DIGITS}}}(\.[0-9]{{1,2}})?\z"
_PLAIN_TIME = (
    r"\A(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])\z"
)
_NOT_PLAIN = (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError)
_Text = Annotated[str, Meta(min_length=1)]
_data, _id, _source, _time = (attrgetter(name) for name in ("data", "id", "source", "time"))

Columns = dict[str, pa.Array]
Bad = set[int]  # positions of lines that are not plain


class Lines:
    """Lines of landing files, to be classified together."""

    def __init__(self) -> None:
        self.files: list[LandingPath] = []  # of each block that was added
        self.numbers: list[NDArray[np.int64]] = []
        self.raws: list[bytes] = []
        self.bytes = 0

    def add(self, file: LandingPath, block: Block) -> None:
        numbers, raws = block
        self.files.append(file)
        self.numbers.append(numbers)
        self.raws += raws
        self.bytes += sum(map(len, raws))


class _Places:
    """Where lines come from, as arrays."""

    def __init__(self, lines: Lines):
        self.at = np.repeat(np.arange(len(lines.files)), list(map(len, lines.numbers)))  # positions in `files`
        self.numbers = np.concatenate([np.empty(0, np.int64), *lines.numbers])
        self.dts = pa.array([file.dt for file in lines.files], pa.date32())
        self.names = pa.array([file.name for file in lines.files], pa.string())
        self.raws = lines.raws


class _Group:
    """Plain lines of one event type."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.events: list[Any] = []  # structs of the type
        self.unknown: list[_Unknown] = []  # of each, if they say more than the contract knows


class _Unknown(NamedTuple):
    """What a line says beyond the contract, and its data as canonical JSON."""

    extra: str | None
    extensions: str | None
    data: bytes


class ColumnClassifier:
    """Classifies the lines of one source into columns; see `Classifier` for the arguments."""

    def __init__(self, source: str, currency: str, timezone: str, contract: Sequence[EventType] = tuple(EVENT_TYPES.values())):
        self._timezone = timezone
        self._classifier = Classifier(source, currency, timezone, contract)
        persons = person_fields(contract)
        self._by_name = {event.name: _PlainType(event, currency, persons) for event in contract if event.source == source}
        self._types = {plain.model: plain for plain in self._by_name.values()}
        self._decode = msgspec.json.Decoder(reduce(or_, self._types), float_hook=number).decode

    def classified(self, lines: Lines, *, keep_raw: bool = False) -> Iterator[pa.Table]:
        """Tables with the columns of `event_tables.ENVELOPE` and of the fields that their lines have, in no order.

        Quarantined lines keep their raw bytes, with `keep_raw` all do.
        """
        gc.disable()  # it would search all parsed lines for cycles again and again, and find none
        try:
            yield from self._classified(lines, keep_raw)
        finally:
            gc.enable()

    def _classified(self, lines: Lines, keep_raw: bool) -> Iterator[pa.Table]:
        known, beyond = ({model: _Group() for model in self._types} for _ in range(2))
        odd = []
        for position, raw in enumerate(lines.raws):
            if len(raw) > MAX_LINE_BYTES:
                odd.append(position)
                continue
            try:
                event = self._decode(raw)
                group = known[type(event)]
            except _NOT_PLAIN:
                found = self._beyond_contract(raw)
                if found is None:
                    odd.append(position)
                    continue
                event, unknown = found
                group = beyond[type(event)]
                group.unknown.append(unknown)
            group.positions.append(position)
            group.events.append(event)
        places = _Places(lines)
        latest = np.array([self._classifier.latest_time(file.dt) for file in lines.files])
        for group in (*known.values(), *beyond.values()):
            if group.events:
                bad: Bad = set()
                columns = self._types[type(group.events[0])].columns(group, latest[places.at[group.positions]], bad)
                table = self._placed(columns, places, group.positions, keep_raw)
                if bad:
                    odd.extend(group.positions[index] for index in bad)
                    table = table.take(pa.array([index for index in range(len(table)) if index not in bad], pa.int64()))
                if len(table):
                    yield table
        yield from self._odd(places, sorted(odd), latest, keep_raw)

    def _beyond_contract(self, raw: bytes) -> tuple[Any, _Unknown] | None:
        """A line that is plain but for fields that the contract does not know; None if it is not."""
        try:
            event = decode(raw)
            plain = self._by_name[event["type"]]
            if any(name in event["data"] for name in plain.no_persons):
                return None
            return plain.without_unknown(event), _Unknown(*unknown_fields(event, plain.names), canonical(event["data"]))
        except (*_NOT_PLAIN, LookupError, TypeError, AttributeError):
            return None

    def _odd(self, places: _Places, positions: list[int], latest: Any, keep_raw: bool) -> Iterator[pa.Table]:
        raws = places.raws
        groups: dict[str | None, list[tuple[int, Line]]] = defaultdict(list)
        for position in positions:
            line = self._classifier.classify(raws[position], int(latest[places.at[position]]))
            groups[line.type if line.reason is None else None].append((position, line))
        for name, rows in groups.items():
            found = [line for _, line in rows]
            columns = _refused(found) if name is None else _columns(found)
            yield self._placed(columns, places, [position for position, _ in rows], keep_raw or name is None)

    def _placed(self, columns: Columns, places: _Places, positions: list[int], keep_raw: bool) -> pa.Table:
        """The columns, and those for place and date: dt, file, line, event_date, event_month."""
        at = pa.array(places.at[positions])
        columns["dt"] = places.dts.take(at)
        columns["file"] = places.names.take(at)
        columns["line"] = pa.array(places.numbers[positions])
        if keep_raw:
            columns["raw"] = pa.array([places.raws[position] for position in positions], pa.binary())
        if "event_time" in columns:
            local = pc.local_timestamp(columns["event_time"].cast(pa.timestamp("us", tz=self._timezone)))
            dates = pc.floor_temporal(local, unit="day").cast(pa.date32())
            days = dates.dictionary_encode()
            columns["event_date"] = dates
            columns["event_month"] = pc.strftime(days.dictionary, "%Y-%m").take(days.indices)
        return pa.table(columns)


class _PlainType:
    """How the plain lines of one event type become columns."""

    def __init__(self, event: EventType, currency: str, persons: Sequence[str]):
        self._name = event.name
        self._hash = content_hasher(event.name)
        data = _model(event.fields, currency)
        envelope = {"id": _Text, "source": _Text, "specversion": Literal["1.0"], "time": str}
        self.model = msgspec.defstruct(
            "Event", [("data", data), *envelope.items()], tag_field="type", tag=event.name, forbid_unknown_fields=True, gc=False
        )
        self._fields = data.__struct_fields__
        self.names = frozenset(self._fields)
        self._converters = {field.name: _converter(field, currency) for field in event.fields}
        self._persons = [name for name in persons if name in self.names]
        self.no_persons = [name for name in persons if name not in self.names]
        self._optional = {field.name for field in event.fields if not field.required}

    def without_unknown(self, event: dict[str, Any]) -> Any:
        """A decoded line as an instance of `model`, without what the contract does not know.

        Raises:
            msgspec.ValidationError: it is not plain.
        """
        known = {name: value for name, value in event.items() if name in ENVELOPE}
        known["data"] = {name: value for name, value in event["data"].items() if name in self.names}
        return msgspec.convert(known, self.model)

    def columns(self, group: _Group, latest: Any, bad: Bad) -> Columns:
        """Columns of a group.

        `bad` receives the positions of lines in the group that are not plain; what the columns hold there is meaningless.
        """
        events = group.events
        ids, sources, times = (list(map(part, events)) for part in (_id, _source, _time))
        columns: Columns = {
            "event_type": pa.repeat(self._name, len(events)),
            "fate": pa.repeat(Fate.ACCEPTED.value, len(events)),
            "event_id": _strings(ids),
            "event_source": _strings(sources),
            "event_time": _times(times, bad),
        }
        instants = columns["event_time"].cast(pa.int64()).fill_null(0).to_numpy()
        bad.update(np.flatnonzero((instants < EARLIEST_MICROS) | (instants > latest)).tolist())
        by_field = zip(*map(astuple, map(_data, events)), strict=True)
        values: dict[str, Sequence[Any]] = dict(zip(self._fields, by_field, strict=True))
        for name in self._optional:
            values[name] = [None if value is UNSET else value for value in values[name]]
        for name, convert in self._converters.items():
            columns[name] = convert(values[name], bad)
        if self._persons:
            columns["persons"] = self._named(values)
        columns["event_key"] = _digests(map(encode, zip(sources, ids, strict=True)))
        if group.unknown:
            extra, extensions, contents = zip(*group.unknown, strict=True)
            columns |= {"extra": _strings(extra), "extensions": _strings(extensions)}
        else:
            contents = tuple(map(canonical, map(_data, events)))
        columns["content_hash"] = pa.array(map(self._hash, _eight_bytes(instants), contents), pa.binary())
        return columns

    def _named(self, values: dict[str, Sequence[Any]]) -> pa.Array:
        """The people whom each line names."""
        first, *others = self._persons
        if not others and first not in self._optional:
            people = _strings(values[first])
            return pa.ListArray.from_arrays(pa.array(range(len(people) + 1), pa.int32()), people)
        rows = zip(*(values[name] for name in self._persons), strict=True)
        return pa.array([[person for person in row if person is not None] or None for row in rows], pa.list_(pa.string()))


def _eight_bytes(instants: NDArray[np.int64]) -> Iterator[bytes]:
    content = instants.astype("<i8").tobytes()
    return (content[begin : begin + 8] for begin in range(0, len(content), 8))


def _digests(contents: Iterable[bytes]) -> pa.Array:
    begin = blake2b(digest_size=16).copy  # faster than a new one with its arguments
    found = []
    for content in contents:
        digest = begin()
        digest.update(content)
        found.append(digest.digest())
    return pa.array(found, pa.binary())


def _model(fields: Iterable[Field], currency: str) -> type[msgspec.Struct]:
    """A struct of plain values; its fields are ordered by name, as in canonical JSON."""
    declared: list[Any] = []
    for field in sorted(fields, key=lambda field: field.name):
        kind = _plain_values(field, currency)
        declared.append((field.name, kind) if field.required else (field.name, kind | None | UnsetType, UNSET))
    return msgspec.defstruct("Data", declared, kw_only=True, forbid_unknown_fields=True, gc=False)


def _plain_values(field: Field, currency: str) -> Any:
    """The type of a field's plain values."""
    match field.kind:
        case Kind.IDENTIFIER | Kind.TEXT | Kind.TIME:
            return _Text
        case Kind.ENUM:
            return Literal[field.values]
        case Kind.CURRENCY:
            return Literal[currency]
        case Kind.MONEY:
            return Any
        case Kind.INTEGER:
            return Annotated[int, Meta(ge=field.minimum, le=INT64 - 1 if field.maximum is None else field.maximum)]
        case Kind.BOOLEAN:
            return bool
        case Kind.TEXTS:
            return list[_Text]
        case Kind.ORDER_LINES:
            return list[_model(ORDER_LINE, currency)]  # type: ignore[misc]


def _converter(field: Field, currency: str) -> Callable[[Sequence[Any], Bad], pa.Array]:
    match field.kind:
        case Kind.MONEY:
            return _required_amounts if field.required else _amounts
        case Kind.TIME:
            return _times
        case Kind.ORDER_LINES:
            return _order_lines(currency)
        case _:
            build = ARRAYS[field.kind]
            return _free_ids(field.reserved) if field.reserved else lambda column, bad: build(column)


def _free_ids(reserved: tuple[str, ...]) -> Callable[[Sequence[Any], Bad], pa.Array]:
    def convert(column: Sequence[Any], bad: Bad) -> pa.Array:
        if any(name in column for name in reserved):
            bad.update(index for index, value in enumerate(column) if value in reserved)
        return _strings(column)

    return convert


def _matching(pattern: str, column: Sequence[str | None], bad: Bad) -> pa.Array:
    """The texts that match; others are null and bad."""
    texts = _strings(column)
    matches = pc.match_substring_regex(texts, pattern)
    if not pc.all(matches, min_count=0).as_py():
        bad.update(np.flatnonzero(~matches.fill_null(True).to_numpy(zero_copy_only=False)).tolist())
        texts = pc.if_else(matches, texts, pa.scalar(None, pa.string()))
    return texts


def _times(column: Sequence[str | None], bad: Bad) -> pa.Array:
    texts = _matching(_PLAIN_TIME, column, bad)
    try:
        return texts.cast(_TIMESTAMP)
    except pa.ArrowInvalid:  # the 30th of February
        bad.update(range(len(texts)))
        return pa.nulls(len(texts), _TIMESTAMP)


def _required_amounts(column: Sequence[Any], bad: Bad) -> pa.Array:
    if None in column:
        bad.update(index for index, value in enumerate(column) if value is None)
    return _amounts(column, bad)


def _amounts(column: Sequence[Any], bad: Bad) -> pa.Array:
    if not set(map(type, column)) <= {str, NoneType}:
        column = [_amount_text(value) for value in column]
    return _matching(_PLAIN_AMOUNT, column, bad).cast(_MONEY)


def _amount_text(value: Any) -> str | None:
    """An amount as text, which is plain only if the amount may be."""
    if value is None or type(value) is str:
        return value
    if type(value) is int and 0 <= value < MONEY_LIMIT:
        return str(value)
    # Only numbers about as long as they look: 1e999999999999 written out would fill the memory.
    return format(value, "f") if type(value) is Decimal and -3 < value.adjusted() < MONEY_DIGITS else ""


def _order_lines(currency: str) -> Callable[[Sequence[Any], Bad], pa.Array]:
    converters = [(attrgetter(field.name), _converter(field, currency)) for field in ORDER_LINE]

    def convert(column: Sequence[Any], bad: Bad) -> pa.Array:
        is_null = np.array([lines is None for lines in column], np.bool_)
        lengths = np.array([0 if lines is None else len(lines) for lines in column], np.int64)
        parts = [part for lines in column if lines for part in lines]
        bad_parts: Bad = set()
        columns = [build(list(map(value, parts)), bad_parts) for value, build in converters]
        bad.update(np.repeat(np.arange(len(column)), lengths)[sorted(bad_parts)].tolist())
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32(), mask=np.append(is_null, False))
        rows = pa.StructArray.from_arrays(columns, fields=list(_ORDER_LINES.value_type))
        return pa.ListArray.from_arrays(offsets, rows)

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
        "content_hash": pa.array([line.content_hash for line in lines], pa.binary()),
        "event_time": _instants([line.time for line in lines]),
        "extra": pa.array([line.extra for line in lines], pa.string()),
        "extensions": pa.array([line.extensions for line in lines], pa.string()),
    }
    values = zip(*(line.values for line in lines if line.values is not None), strict=True)
    for field, column in zip(event.fields, values, strict=True):
        columns[field.name] = ARRAYS[field.kind](column)
    return columns


def _strings(values: Iterable[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _instants(values: Iterable[int | None]) -> pa.Array:
    return pa.array(values, pa.int64()).view(_TIMESTAMP)


def _cents(values: Iterable[int | None]) -> pa.Array:
    """Cents as decimals: both are 128-bit integers, only the scale is another."""
    cents = pa.array(values, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(_MONEY, len(cents), cents.buffers(), cents.null_count)


# How parsed values of a kind become a column.
ARRAYS: dict[Kind, Callable[[Any], pa.Array]] = {
    Kind.IDENTIFIER: _strings,
    Kind.TEXT: _strings,
    Kind.ENUM: _strings,
    Kind.CURRENCY: _strings,
    Kind.MONEY: _cents,
    Kind.TIME: _instants,
    Kind.INTEGER: lambda values: pa.array(values, pa.int64()),
    Kind.BOOLEAN: lambda values: pa.array(values, pa.bool_()),
    Kind.TEXTS: lambda values: pa.array(values, pa.list_(pa.string())),
    Kind.ORDER_LINES: lambda values: pa.array(values, _ORDER_LINES),
}
