"""A field that is declared later ends where it would have ended from the start."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from contract.events import EVENT_TYPES, SOURCES, EventType, Field, Kind
from spark_jobs.ingest.columns import ColumnClassifier, Lines
from spark_jobs.ingest.files import landing_path
from spark_jobs.ingest.late_fields import LateFields

from .test_columns import blemished

NOW = tuple(EVENT_TYPES.values())


def before(source: str, chance: random.Random) -> tuple[EventType, ...]:
    """The contract without some optional fields of a source."""
    return tuple(
        replace(event, fields=tuple(field for field in event.fields if field.required or chance.random() < 0.5))
        if event.source == source
        else event
        for event in NOW
    )


def accepted(source: str, raws: list[bytes], contract: tuple[EventType, ...]) -> pa.Table:
    """The accepted lines under a contract."""
    lines = Lines()
    file = landing_path(f"{source}/dt=2026-03-01/a.jsonl")
    assert file is not None
    lines.add(file, (np.arange(1, len(raws) + 1), raws))
    classified = ColumnClassifier(source, "CNY", "UTC", contract).classified(lines)
    parts = [part for part in classified if "event_key" in part.column_names]
    return pa.concat_tables(parts, promote_options="default")


def widened(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """With the columns of the event table, which knows the fields of today."""
    return pa.concat_tables([schema.empty_table(), rows], promote_options="default").select(schema.names)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """With instants as microseconds: some lie before Python's first year."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def filled(source: str, rows: pa.Table, contract: tuple[EventType, ...] = NOW) -> list[dict[str, Any]]:
    # A table that was widened has its columns in another order than the contract.
    late = LateFields("CNY", contract, pa.schema([rows.schema.field(name) for name in sorted(rows.column_names)]))
    kept = rows.filter(pc.is_valid(rows["extra"]))
    tables = [pa.Table.from_batches([part]) for part in late.filled(kept.combine_chunks().to_batches())]
    return rows_of(pa.concat_tables([late.result.empty_table(), *tables]))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lines_end_as_if_the_fields_had_been_declared_from_the_start(source: str, seed: int) -> None:
    chance = random.Random(seed)
    raws = [line for event in NOW if event.source == source for line in blemished(event, chance)]
    new = accepted(source, raws, NOW)
    old = widened(accepted(source, raws, before(source, chance)), new.schema)
    was, should = ({row["line"]: row for row in rows_of(rows)} for rows in (old, new))
    changed = {row["line"]: row for row in filled(source, old)}
    misfits = {line for line, row in changed.items() if row["is_misfit"]}
    result = was | {line: {name: row[name] for name in was[line]} for line, row in changed.items() if line not in misfits}
    assert len(changed) - len(misfits) > 20
    assert was.keys() - should.keys(), "no value misfits"
    assert was.keys() - should.keys() <= misfits
    assert [line for line in result if line not in misfits and result[line] != should[line]] == []
    assert not {row["line"] for row in filled(source, new)} - misfits, "what is filled is left alone afterwards"


def kept(name: str, value: Any) -> pa.Table:
    """A line with an undeclared field as the event table holds it."""
    line = {"specversion": "1.0", "id": "e", "source": "s", "type": "shop.fan_followed.v1", "time": "2026-02-28T12:00:00Z"}
    raw = json.dumps(line | {"data": {"merchant_id": "m", "user_id": "u", name: value, "z": 1}}).encode()
    rows = accepted("shop", [raw], NOW)
    return rows.append_column(name, pa.nulls(1, pa.string())) if name not in rows.column_names else rows


def grown(field: Field) -> tuple[EventType, ...]:
    event = EVENT_TYPES["shop.fan_followed.v1"]
    return tuple(replace(event, fields=(*event.fields, field)) if other is event else other for other in NOW)


@pytest.mark.parametrize(
    ("value", "column", "is_misfit"),
    [
        ("rose", "rose", False),
        ("", None, False),
        (None, None, False),
        (7, None, True),
        ("1.5", None, True),
        ("15", "15", False),
    ],
)
def test_a_value_that_fits_moves_into_its_column(value: Any, column: str | None, is_misfit: bool) -> None:
    """A number with a point is kept as a text, so that such a text may have been a number, which is none."""
    rows = kept("wish", value)
    assert json.loads(rows["extra"][0].as_py()) == {"wish": value, "z": 1}
    [row] = filled("shop", rows, grown(Field("wish", Kind.TEXT, "", required=False)))
    assert (row["wish"], row["is_misfit"], row["names_others"]) == (column, is_misfit, False)
    assert json.loads(row["extra"]) == ({"wish": value, "z": 1} if is_misfit else {"z": 1})
    assert filled("shop", rows, NOW) == []


def test_a_late_field_of_a_person_names_them() -> None:
    rows = kept("friend_id", "f")
    [row] = filled("shop", rows, grown(Field("friend_id", Kind.IDENTIFIER, "", required=False, is_person=True)))
    assert (row["persons"], row["names_others"], row["friend_id"]) == (["u", "f"], True, "f")
