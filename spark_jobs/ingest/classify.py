"""What happens to a line: the fates that one line alone decides.

`classify` gives each line either its columns or the first reason, in the contract's order, that applies. Duplicates, conflicts
and erasure depend on other lines and are left to `spark_jobs.ingest.deduplicate`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from contract.business_days import day_end
from contract.events import (
    EARLIEST_TIME,
    EVENT_TYPES,
    MAX_LINE_BYTES,
    MONEY_LIMIT,
    ORDER_LINE,
    EventType,
    Field,
    Kind,
    Reason,
    order_lines,
    person_fields,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
_FINER = re.compile(r"\.\d{6}(\d+)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
INT64 = 1 << 63
MONEY_DIGITS = len(str(MONEY_LIMIT)) - 1  # before the point
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # no rounding: two numbers are equal only if they are
_ORDER_LINE_NAMES = frozenset(field.name for field in ORDER_LINE)
# What maintenance leaves in a landing file of a line that named an erased person, and whom such a line names for the reader.
ERASED_LINE = b'{"erased":true}'
ERASED_PERSON = "\0erased"
ENVELOPE = frozenset(("specversion", "id", "source", "type", "time", "data"))


class Fault(Exception):
    """A value breaks the contract."""

    def __init__(self, reason: Reason):
        self.reason = reason


_RANK = {reason: rank for rank, reason in enumerate(Reason)}


def number(literal: str) -> int | Decimal:
    """A JSON number with a point or an exponent, by value: 129.0 and 1.29e2 are 129."""
    value = Decimal(literal)
    if not value or (value.adjusted() < 40 and value == value.to_integral_value()):
        return int(value)
    return value.normalize(_EXACT)


decode = msgspec.json.Decoder(float_hook=number).decode
canonical = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
encode = msgspec.json.encode


def parse_time(text: str) -> int:
    """Microseconds since 1970 in UTC of an RFC 3339 date-time with an offset; finer fractions are cut off.

    The years are 0001 to 9999 as written; with its offset an instant may lie some hours outside of them.

    Raises:
        Fault: `bad_time`.
    """
    if not _RFC3339.fullmatch(text):
        raise Fault(Reason.BAD_TIME)
    leap = text[17:19] == "60"
    try:
        at = datetime.fromisoformat((text[:17] + "59" + text[19:] if leap else text).upper()) - _EPOCH
    except (ValueError, OverflowError):
        raise Fault(Reason.BAD_TIME) from None
    micros = (at.days * 86_400 + at.seconds) * 1_000_000 + at.microseconds
    if leap:  # RFC 3339, 5.7: a leap second is the last of a UTC day
        micros += 1_000_000 - micros % 1_000_000
        if micros % 86_400_000_000:
            raise Fault(Reason.BAD_TIME)
    return micros


def _finer_digits(text: str) -> bytes:
    """The digits of a time beyond microseconds: two copies of an event have the same instant only if these agree too."""
    found = _FINER.search(text)
    return found[1].rstrip("0").encode() if found else b""


EARLIEST_MICROS = (EARLIEST_TIME - _EPOCH) // timedelta(microseconds=1)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise Fault(Reason.WRONG_TYPE)
    return value


def _identifier(reserved: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        text = _string(value)
        if text in reserved:
            raise Fault(Reason.RESERVED_ID)
        return text

    return parse


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise Fault(Reason.WRONG_TYPE)
    return value


def _time(value: Any) -> int:
    return parse_time(_string(value))


def _money(value: Any) -> int:
    """Cents."""
    if type(value) is int:
        if not 0 <= value < MONEY_LIMIT:
            raise Fault(Reason.OUT_OF_RANGE)
        return value * 100
    if type(value) is str:
        if not _DECIMAL.fullmatch(value):
            raise Fault(Reason.WRONG_TYPE)
        value = Decimal(value)
    if type(value) is not Decimal:
        raise Fault(Reason.WRONG_TYPE)
    if value and not -3 < value.adjusted() < MONEY_DIGITS:
        raise Fault(Reason.OUT_OF_RANGE)
    cents = value.scaleb(2, _EXACT)
    if value < 0 or cents != cents.to_integral_value():
        raise Fault(Reason.OUT_OF_RANGE)
    return int(cents)


def _integer(minimum: int | None, maximum: int | None) -> Callable[[Any], int]:
    low = -INT64 if minimum is None else minimum
    high = INT64 - 1 if maximum is None else maximum

    def parse(value: Any) -> int:
        if type(value) is not int:
            if type(value) is Decimal and value == value.to_integral_value():  # whole, but beyond every range
                raise Fault(Reason.OUT_OF_RANGE)
            raise Fault(Reason.WRONG_TYPE)
        if not low <= value <= high:
            raise Fault(Reason.OUT_OF_RANGE)
        return value

    return parse


def _enum(values: tuple[str, ...]) -> Callable[[Any], str]:
    allowed = frozenset(values)

    def parse(value: Any) -> str:
        text = _string(value)
        if text not in allowed:
            raise Fault(Reason.BAD_ENUM)
        return text

    return parse


def _currency(supported: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        text = _string(value)
        if text != supported:
            raise Fault(Reason.UNSUPPORTED_CURRENCY)
        return text

    return parse


def _texts(value: Any) -> list[str]:
    if type(value) is not list or not all(type(text) is str and text for text in value):
        raise Fault(Reason.WRONG_TYPE)
    return value


def _order_lines(parsers: list[Parser]) -> Callable[[Any], list[dict[str, Any]]]:
    def parse(value: Any) -> list[dict[str, Any]]:
        if type(value) is not list:
            raise Fault(Reason.WRONG_TYPE)
        rows, first = [], None
        for item in value:
            if type(item) is not dict:
                first = _earlier(first, Reason.WRONG_TYPE)
                continue
            values, reason = parse_fields(parsers, item)
            first = _earlier(first, reason)
            rows.append(dict(zip((parser.name for parser in parsers), values, strict=True)))
        if first is not None:
            raise Fault(first)
        for row in rows:
            row["unit_price"] = Decimal(row["unit_price"]).scaleb(-2)
        return rows

    return parse


@dataclass(frozen=True, slots=True)
class Parser:
    """How one field of `data` is read."""

    name: str
    required: bool
    parse: Callable[[Any], Any]


def _earlier(one: Reason | None, other: Reason | None) -> Reason | None:
    if one is None or other is None:
        return one or other
    return min(one, other, key=_RANK.__getitem__)


def parse_fields(parsers: list[Parser], data: dict[str, Any]) -> tuple[list[Any], Reason | None]:
    values: list[Any] = []
    first: Reason | None = None
    for parser in parsers:
        value = data.get(parser.name)
        if value is None or value == "":
            if parser.required:
                first = _earlier(first, Reason.MISSING_FIELD)
            values.append(None)
            continue
        try:
            values.append(parser.parse(value))
        except Fault as fault:
            first = _earlier(first, fault.reason)
            values.append(None)
    return values, first


def field_parser(field: Field, currency: str) -> Parser:
    parse: Callable[[Any], Any]
    match field.kind:
        case Kind.IDENTIFIER | Kind.TEXT:
            parse = _identifier(field.reserved) if field.reserved else _string
        case Kind.ENUM:
            parse = _enum(field.values)
        case Kind.MONEY:
            parse = _money
        case Kind.CURRENCY:
            parse = _currency(currency)
        case Kind.INTEGER:
            parse = _integer(field.minimum, field.maximum)
        case Kind.BOOLEAN:
            parse = _boolean
        case Kind.TIME:
            parse = _time
        case Kind.TEXTS:
            parse = _texts
        case Kind.ORDER_LINES:
            parse = _order_lines([field_parser(part, currency) for part in ORDER_LINE])
    return Parser(field.name, field.required, parse)


def has_unknown_parts(data: dict[str, Any]) -> bool:
    parts = data.get(order_lines.name)
    return type(parts) is list and any(type(part) is dict and not part.keys() <= _ORDER_LINE_NAMES for part in parts)


def unknown_fields(event: dict[str, Any], names: frozenset[str]) -> tuple[str | None, str | None]:
    """What a decoded line says beyond the contract, as JSON: unknown fields of its data, and of its envelope."""
    data = event["data"]
    extra = extensions = None
    if not data.keys() <= names or has_unknown_parts(data):
        kept = {name: value for name, value in data.items() if name not in names or name == order_lines.name}
        extra = encode(kept).decode()
    if not event.keys() <= ENVELOPE:
        extensions = encode({name: event[name] for name in event if name not in ENVELOPE}).decode()
    return extra, extensions


def content_hasher(type_: str) -> Callable[[bytes, bytes], bytes]:
    """Hashes what copies of an event have in common: its type, the instant of its time, the value of its data.

    The function takes the instant (microseconds as eight bytes, low byte first, then finer digits) and canonical JSON.
    """
    begin = blake2b(type_.encode() + b"\0", digest_size=16).copy  # faster than a new one with its arguments

    def digest(instant: bytes, data: bytes) -> bytes:
        found = begin()
        found.update(instant + data)
        return found.digest()

    return digest


@dataclass(slots=True)
class Line:
    """A classified line. `reason` is None for a candidate, whose `values` are the fields of `event` in order.

    Money is in cents and times in microseconds since 1970, UTC.
    """

    reason: Reason | None
    event: EventType | None = None
    values: list[Any] | None = None
    time: int | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    key: bytes | None = None
    content_hash: bytes | None = None
    persons: list[str] | None = None
    extra: str | None = None
    extensions: str | None = None


class Classifier:
    """Classifies the lines of one source.

    Args:
        source: the folder that the lines were delivered in.
        currency: the reporting currency.
        timezone: IANA name of the zone of the business date.
        contract: the event types of all sources.
    """

    def __init__(self, source: str, currency: str, timezone: str, contract: Sequence[EventType] = tuple(EVENT_TYPES.values())):
        self._zone = ZoneInfo(timezone)
        self._person_fields = person_fields(contract)
        self._types = {
            event.name: (
                event,
                [field_parser(field, currency) for field in event.fields],
                frozenset(field.name for field in event.fields),
            )
            for event in contract
            if event.source == source
        }

    def latest_time(self, dt: date) -> int:
        """The last instant, in microseconds, that is not in the future for a delivery of `dt`."""
        try:
            end = day_end(dt + timedelta(days=1), self._zone)
        except OverflowError:  # the last days of the year 9999
            return INT64 - 1
        return (end - _EPOCH) // timedelta(microseconds=1)

    def classify(self, line: bytes, latest: int) -> Line:
        """Classify one line; `latest` is `latest_time` of its delivery day."""
        if line.strip() == ERASED_LINE:
            return Line(Reason.NOT_CLOUDEVENTS, persons=[ERASED_PERSON])
        try:
            event = decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError):
            return Line(Reason.LINE_TOO_LONG if len(line) > MAX_LINE_BYTES else Reason.NOT_JSON)
        if type(event) is not dict:
            return Line(Reason.LINE_TOO_LONG if len(line) > MAX_LINE_BYTES else Reason.NOT_AN_OBJECT)
        data, id_, source, type_, time = (event.get(name) for name in ("data", "id", "source", "type", "time"))
        found = Line(
            None,
            id=id_ if type(id_) is str else None,
            source=source if type(source) is str else None,
            type=type_ if type(type_) is str else None,
        )
        if type(data) is dict:
            persons = [data[name] for name in self._person_fields if name in data and type(data[name]) is str]
            found.persons = persons or None
        found.reason = self._fault(event, line, found, latest, data, time)
        return found

    def _fault(self, event: dict[str, Any], line: bytes, found: Line, latest: int, data: Any, time: Any) -> Reason | None:
        if len(line) > MAX_LINE_BYTES:
            return Reason.LINE_TOO_LONG
        if (
            event.get("specversion") != "1.0"
            or not (found.id and found.source and found.type and type(time) is str and time)
            or type(data) is not dict
        ):
            return Reason.NOT_CLOUDEVENTS
        known = self._types.get(found.type)
        if known is None:
            return Reason.UNKNOWN_TYPE
        found.event, parsers, names = known
        found.values, reason = parse_fields(parsers, data)
        try:
            found.time = micros = parse_time(time)
        except Fault as fault:
            return _earlier(reason, fault.reason)
        if micros < EARLIEST_MICROS:
            reason = _earlier(reason, Reason.PAST_TIME)
        if micros > latest:
            reason = _earlier(reason, Reason.FUTURE_TIME)
        if reason is not None:
            return reason
        found.key = blake2b(encode([found.source, found.id]), digest_size=16).digest()
        instant = micros.to_bytes(8, "little", signed=True) + _finer_digits(time)
        found.content_hash = content_hasher(found.type)(instant, canonical(data))
        found.extra, found.extensions = unknown_fields(event, names)
        return None
