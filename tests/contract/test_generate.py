"""The generated files are those of the contract, and the JSON Schemas say what the ingest says of a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from contract import event_files, table_files
from contract.event_files import json_schema, sources_yaml
from contract.events import EVENT_TYPES, ORDER_LINE, SOURCES, EventType, Field, Kind, source_fields
from contract.generate import generated_files, write
from contract.settings import CHECKOUT
from spark_jobs.ingest.classify import Classifier
from spark_jobs.lake.event_tables import ENVELOPE

DAY = date(2026, 3, 20)
GOOD: dict[Kind, list[Any]] = {
    Kind.IDENTIFIER: ["x-1"],
    Kind.TEXT: ["words"],
    Kind.MONEY: ["129.00", "12.340", "0", 129, Decimal("129.99"), Decimal("1e2"), "9999999999.99"],
    Kind.CURRENCY: ["CNY"],
    Kind.BOOLEAN: [True, False],
    Kind.TIME: ["2026-03-01T12:00:00+08:00", "2026-03-01t12:00:00.123Z"],
    Kind.TEXTS: [[], ["shop.page_viewed"], ["x", "x"]],
    Kind.ORDER_LINES: [[], [{"product_id": "p", "quantity": 1, "unit_price": "1.50", "colour": "red"}]],
}
BAD: dict[Kind, list[Any]] = {
    Kind.IDENTIFIER: [7, True, ["x"], {}],
    Kind.TEXT: [7, False],
    Kind.ENUM: ["nonsense", 7],
    Kind.MONEY: ["12.345", Decimal("12.345"), -1, "-1", "many", True, 10**10, "10000000000", "1,000.00"],
    Kind.CURRENCY: [7, "yuan"],
    Kind.INTEGER: ["3", Decimal("1.5"), True, -1],
    Kind.BOOLEAN: ["true", 1],
    Kind.TIME: ["2026-03-01 12:00:00+08:00", "2026-03-01T12:00:00", "yesterday", 1772337600],
    Kind.TEXTS: ["x", [""], ["x", 7], [None], {}],
    Kind.ORDER_LINES: ["p", [7], [{"product_id": "p", "quantity": 0, "unit_price": 1}], [{"product_id": "p", "quantity": 1}]],
}


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value)


# Numbers are meant by value, so they are read as decimals.
_ByValue = extend(Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer))


def _good_values(field: Field) -> list[Any]:
    if field.kind is Kind.ENUM:
        return list(field.values)
    if field.kind is Kind.INTEGER:
        return [field.minimum, Decimal(f"{field.minimum}.0"), *([] if field.maximum is None else [field.maximum])]
    return GOOD[field.kind]


def _bad_values(field: Field) -> list[Any]:
    return BAD[field.kind] + list(field.reserved) + ([] if field.maximum is None else [field.maximum + 1])


def _event(event: EventType, **changes: Any) -> dict[str, Any]:
    data = {field.name: _good_values(field)[0] for field in event.fields}
    return {
        "specversion": "1.0",
        "id": "e-1",
        "source": f"{event.source}/m-1",
        "type": event.name,
        "time": "2026-03-01T12:00:00+08:00",
        "data": data | changes,
    }


def _lines(event: EventType) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Lines with the name of what is special in them, and whether they keep the contract."""
    yield "plain", _event(event), True
    yield "unknown field", _event(event, shoe_size=42), True
    yield "no id", _event(event) | {"id": ""}, False
    yield "no time", {name: value for name, value in _event(event).items() if name != "time"}, False
    yield "bad time", _event(event) | {"time": "2026-03-01T12:00:00"}, False
    yield "clock of 1970", _event(event) | {"time": "1970-01-01T00:00:00Z"}, False
    yield "other version", _event(event) | {"specversion": "0.3"}, False
    yield "no data", _event(event) | {"data": []}, False
    for field in event.fields:
        for nothing in (None, ""):
            yield f"{field.name} is {nothing!r}", _event(event, **{field.name: nothing}), not field.required
        for value in _good_values(field):
            yield f"{field.name} is {value!r}", _event(event, **{field.name: value}), True
        for value in _bad_values(field):
            yield f"{field.name} is {value!r}", _event(event, **{field.name: value}), False


def _encode(value: Any) -> str:
    """JSON with decimals written as numbers."""
    text = json.dumps(value, default=lambda number: f"<{number}>")
    return text.replace('"<', "").replace('>"', "")


@pytest.mark.parametrize("event", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_schema_agrees_with_the_ingest(event: EventType) -> None:
    schema = json.loads((CHECKOUT / f"docs/schemas/{event.name}.json").read_text(), parse_float=Decimal)
    validator, classifier = _ByValue(schema), Classifier(event.source, "CNY", "Asia/Shanghai")
    lines = list(_lines(event))
    assert len(lines) > 10
    for name, line, keeps_the_contract in lines:
        text = _encode(line)
        reason = classifier.classify(text.encode(), classifier.latest_time(DAY)).reason
        assert (reason is None) is keeps_the_contract, f"{event.name}: {name}: the ingest says {reason}"
        faults = [error.message for error in validator.iter_errors(json.loads(text, parse_float=Decimal))]
        assert (not faults) is keeps_the_contract, f"{event.name}: {name}: the schema says {faults}"


def test_schemas_are_valid_and_named() -> None:
    identifiers = set()
    for event in EVENT_TYPES.values():
        schema = json_schema(event)
        Draft202012Validator.check_schema(schema)
        identifiers.add(schema["$id"])
    assert len(identifiers) == len(EVENT_TYPES) > 30


def test_generated_files_are_committed() -> None:
    files = generated_files(CHECKOUT)
    assert len(files) > 3 * len(EVENT_TYPES)
    stale = [str(path) for path, content in files.items() if (CHECKOUT / path).read_text() != content]
    assert not stale, "run: python -m contract.generate"


def test_no_committed_file_is_left_of_what_is_gone() -> None:
    folders = [CHECKOUT / "dbt_project/models/staging", CHECKOUT / "docs/schemas"]
    committed = {path.relative_to(CHECKOUT) for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert committed
    assert committed <= set(generated_files(CHECKOUT))


def test_write_removes_what_it_once_generated_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/analysts.md").write_text("## Where to look\n\n## Ten questions\n")
    write(tmp_path)
    gone = [tmp_path / "docs/schemas/shop.gone.v1.json", tmp_path / "dbt_project/models/marts/spread/gone.sql"]
    own = [tmp_path / "docs/schemas/own.json", tmp_path / "dbt_project/models/marts/money/own.sql"]
    for path, notice in zip(gone, (event_files.NOTICE, table_files.NOTICE), strict=True):
        path.write_text(f"-- {notice}")
    for path in own:
        path.write_text("select 1")
    assert len(write(tmp_path)) == len(generated_files(tmp_path))
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in own)


@pytest.mark.parametrize("source", SOURCES)
def test_sources_describe_every_column_of_the_lake(source: str) -> None:
    (table,) = sources_yaml(source)["sources"][0]["tables"]
    described = {column["name"]: column["description"] for column in table["columns"]}
    envelope = {column.split()[0] for column in ENVELOPE.split(",")}
    assert set(described) == envelope | set(source_fields(source))
    assert all(described.values())


def test_order_lines_are_described_like_other_fields() -> None:
    lines = json_schema(EVENT_TYPES["shop.order_paid.v1"])["properties"]["data"]["properties"]["lines"]
    items = lines["anyOf"][0]["items"]
    assert set(items["properties"]) == {field.name for field in ORDER_LINE}
