"""Whole columns at a time must say what one line at a time says, for lines of every type with every kind of blemish."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from contract.events import PERSON_FIELDS, SOURCES, EventType, Field, Kind, event_types
from spark_jobs.ingest.classify import Classifier, Line
from spark_jobs.ingest.columns import ColumnClassifier, Lines
from spark_jobs.ingest.files import landing_path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRANGE: list[Any] = [
    *(
        None,
        "",
        " ",
        "x",
        "é😀",
        0,
        1,
        -1,
        2.0,
        2.5,
        10**16,
        10**30,
        True,
        [],
        {},
        ["u"],
        ["u", ""],
        ["u", None],
        [{"product_id": 1}],
    ),
    *("1", "1.5", "1.50", "1.505", "+1", "1e2", "-0.00", "١", "0.01\n", "2026-02-30T00:00:00Z", "2026-02-28T00:00:00z"),
    *("2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28 00:00:00Z", "2026-02-28T00:00:00.1234567+08:00"),
    *("2026-02-28T00:00:00", "2026-02-28T00:00:00.5+23:59", "2026-02-28T00:00:00+24:00", "2031-01-01T00:00:00Z"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2000-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z"),
    *("all", "9999999999.99", "10000000000", 9999999999, 10**10, "0000-01-01T00:00:00Z", "2026-02-28T12:00:00.0000001Z"),
    *("1970-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2026-03-02T15:59:59.999999Z", "2026-03-02T16:00:00Z"),
]


HUGE = (b"1e999999999999", b"1.5e-999999999999", b"9" * 5000)  # written out, two of these would fill the memory


def good(field: Field) -> Any:
    match field.kind:
        case Kind.IDENTIFIER | Kind.TEXT:
            return f"{field.name}-1"
        case Kind.ENUM:
            return field.values[0]
        case Kind.MONEY:
            return "12.50"
        case Kind.CURRENCY:
            return "CNY"
        case Kind.INTEGER:
            return field.minimum or 1
        case Kind.BOOLEAN:
            return True
        case Kind.TIME:
            return "2026-02-28T00:00:00.25+08:00"
        case Kind.TEXTS:
            return ["shop.page_viewed", "shop.order_paid"]
        case Kind.ORDER_LINES:
            return [{"product_id": "p", "quantity": 1, "unit_price": 9.9}]


def blemished(event: EventType, chance: random.Random) -> list[bytes]:
    """Lines of a type: good ones, some with one blemish, some with two."""
    lines = []
    for number in range(120):
        data = {field.name: good(field) for field in event.fields if field.required or chance.random() < 0.7}
        line: dict[str, Any] = {
            **{"specversion": "1.0", "id": f"e{number}", "source": "s", "type": event.name},
            **{"time": "2026-02-28T12:00:00Z", "data": data},
        }
        for _ in range(chance.choice([0, 1, 1, 2])):
            place = chance.random()
            if place < 0.7 and data:
                data[chance.choice(list(data))] = chance.choice(STRANGE)
            elif place < 0.8 and data:
                data.pop(chance.choice(list(data)), None)
            elif place < 0.85:
                data[chance.choice(["note", *PERSON_FIELDS])] = chance.choice(STRANGE)
            elif place < 0.88:
                line["traceparent"] = chance.choice(STRANGE)
            elif place < 0.95:
                line[chance.choice(list(line))] = chance.choice(STRANGE)
            else:
                line.pop(chance.choice(list(line)))
            data = line["data"] if isinstance(line.get("data"), dict) else {}
        lines.append(json.dumps(line, ensure_ascii=False).encode())
    return lines


def flawless(event: EventType) -> bytes:
    line = {"specversion": "1.0", "id": event.name, "source": "s", "type": event.name, "time": "2026-02-28T12:00:00Z"}
    return json.dumps(line | {"data": {field.name: good(field) for field in event.fields}}).encode()


def twisted(line: bytes) -> list[bytes]:
    """The same line in ways that a JSON parser may take for another: keys twice, white space, a mark in front, more behind."""
    inner = line[1:-1]
    twice = [b'{"type": "%s", %s}', b'{%s, "type": "%s"}', b'{"time": 1, %s}', b'{"data": {}, %s}', b'{%s, "data": {"a": 1}}']
    name = b"shop.page_viewed.v1"
    return [
        *(twice[0] % (name, inner), twice[1] % (inner, name), *(text % inner for text in twice[2:])),
        *(b" \t" + line.replace(b", ", b" ,\t ") + b" \r", b"\xef\xbb\xbf" + line, line + b"{}", line + line, line[:-1]),
        *(line.replace(b'"data"', b'"d\\u0061ta"'), line.replace(b"-1", b"-\\u0031"), line.replace(b"-1", b"-\\ud800")),
        *(
            line.replace(b"9.9", amount)
            for amount in (b"9", b"9.90", b"9.901", b"-9", b"1e1", b"1e400", b"NaN", b'"9.9"', b"null", *HUGE)
        ),
        *(
            line.replace(b'"quantity": 1', part)
            for part in (b'"quantity": 0', b'"quantity": 1.0', b'"size": 1', b'"quantity": 1, "x": 1')
        ),
    ]


def described(line: Line, timezone: str) -> dict[str, Any]:
    """The columns of a line, null ones left out, as the classification of one line gives them."""
    row: dict[str, Any] = {"event_id": line.id, "event_source": line.source, "event_type": line.type, "persons": line.persons}
    if line.reason is not None:
        row |= {"fate": "quarantined", "reason": line.reason.value}
    else:
        assert line.event is not None
        assert line.values is not None
        assert line.time is not None
        time = EPOCH + timedelta(microseconds=line.time)
        day = time.astimezone(ZoneInfo(timezone)).date()
        row |= {"fate": "accepted", "event_key": line.key, "content_hash": line.content_hash, "event_time": time}
        row |= {"extra": line.extra, "extensions": line.extensions, "event_date": day, "event_month": f"{day:%Y-%m}"}
        for field, value in zip(line.event.fields, line.values, strict=True):
            if value is not None and field.kind is Kind.MONEY:
                value = Decimal(value).scaleb(-2)
            row[field.name] = value
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.parametrize("source", SOURCES)
def test_a_column_at_a_time_says_what_a_line_at_a_time_says(source: str) -> None:
    timezone = "America/St_Johns"
    chance = random.Random(source)
    texts = [line for event in event_types(source) for line in blemished(event, chance)]
    whole = [flawless(event) for event in event_types(source)]
    assert any(b"9.9" in line and b'"quantity": 1' in line for line in whole) == (source == "shop")
    texts += [odd for line in whole for odd in twisted(line)]
    texts += [b"{", b"[]", b"1", b'"type"', b"\xff", b"null", b"x" * (1 << 20) + b"x", b'{"type": ["shop"]}']
    chance.shuffle(texts)
    file = landing_path(f"{source}/dt=2026-03-01/a.jsonl")
    assert file is not None
    classifier = Classifier(source, "CNY", timezone)
    latest = classifier.latest_time(file.dt)
    expected = {number: described(classifier.classify(text, latest), timezone) for number, text in enumerate(texts, 1)}
    assert {row["fate"] for row in expected.values()} == {"accepted", "quarantined"}
    assert len({row.get("reason") for row in expected.values()}) > 8

    lines = Lines()
    lines.add(file, (np.arange(1, len(texts) + 1), texts))
    found: dict[int, dict[str, Any]] = {}
    for table in ColumnClassifier(source, "CNY", timezone).classified(lines):
        assert isinstance(table, pa.Table)
        for place, field in enumerate(table.schema):  # instants of data in microseconds: some lie before Python's first year
            if pa.types.is_timestamp(field.type) and field.name != "event_time":
                table = table.set_column(place, field.name, table[field.name].cast(pa.int64()))
        for row in table.to_pylist():
            number = row.pop("line")
            assert (row.pop("file"), row.pop("dt")) == (file.name, date(2026, 3, 1))
            assert row.pop("raw", texts[number - 1]) == texts[number - 1]
            assert number not in found
            found[number] = {name: value for name, value in row.items() if value is not None}
    assert found == expected


def test_lines_know_how_much_they_hold() -> None:
    files = [landing_path(f"shop/dt=2026-03-01/{name}.jsonl") for name in "ab"]
    lines = Lines()
    for file, block in zip(files, ([b"one", b"three"], [b"four"]), strict=True):
        assert file is not None
        lines.add(file, (np.arange(1, len(block) + 1), block))
    assert (lines.bytes, lines.raws) == (12, [b"one", b"three", b"four"])


def test_plain_lines_need_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """What producers write every day goes by columns; else the speed is gone."""
    file = landing_path("shop/dt=2026-03-01/a.jsonl")
    assert file is not None
    lines = Lines()
    for event in event_types("shop"):
        line = flawless(event)
        ahead = [
            line.replace(b'"data": {', text) for text in (b'"traceparent": "00", "data": {', b'"data": {"app_version": 1.5, ')
        ]
        assert len({line, *ahead}) == 3
        lines.add(file, (np.arange(3), [line, *ahead]))
    classifier = ColumnClassifier("shop", "CNY", "Asia/Shanghai")
    monkeypatch.delattr(Classifier, "classify")
    assert sum(len(table) for table in classifier.classified(lines)) == len(lines.raws) > 60
