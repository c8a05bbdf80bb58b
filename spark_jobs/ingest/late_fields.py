"""Fields that the contract declares later than lines came with them: an accepted line has kept their values in `extra`.

A value that fits moves from `extra` into its column, and the line stays as it is otherwise: neither its key nor its content
depends on the contract. What does not fit, or cannot be told from `extra` alone, is for `Reader` to classify again, by the raw
line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from contract.events import EventType, Field, Kind, order_lines, person_fields
from spark_jobs.ingest.classify import decode, field_parser, parse_fields, unknown_fields
from spark_jobs.ingest.columns import ARRAYS

# Numbers with a point or an exponent are texts in `extra`: these may have been either.
_WAS_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?")
_TEXTS = (Kind.IDENTIFIER, Kind.TEXT, Kind.TEXTS)


class _Line(NamedTuple):
    """What becomes of an accepted line: the values of its late fields, or that it has to be classified again."""

    values: dict[str, Any]
    extra: str | None
    persons: list[str] | None
    is_misfit: bool
    names_others: bool


@dataclass(frozen=True)
class LateFields:
    """Fills the columns of fields that lines kept in `extra`; for `mapInArrow` over accepted lines of an event table.

    Args:
        currency: the reporting currency.
        contract: the event types of all sources.
        schema: of the event table.
    """

    currency: str
    contract: Sequence[EventType]
    schema: pa.Schema

    @property
    def result(self) -> pa.Schema:
        """The columns of `filled`: those of the event table; whether the line has to be classified again by its raw bytes; and
        whether it names other people than before."""
        return pa.schema([*self.schema, pa.field("is_misfit", pa.bool_()), pa.field("names_others", pa.bool_())])

    def filled(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Accepted lines, all columns, to those that change: rows of `result`. Misfits are as they were."""
        types = {event.name: _Type(event, self.currency, person_fields(self.contract)) for event in self.contract}
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            names = rows["event_type"].to_pylist()
            for name in dict.fromkeys(names):
                if name in types:
                    part = rows.filter(pa.array([other == name for other in names]))
                    yield from self._filled(part, types[name]).to_batches()

    def _filled(self, rows: pa.Table, of_type: _Type) -> pa.Table:
        columns = ["extra", "persons", *(name for name in of_type.asked if name in rows.column_names)]
        found = [of_type.line(row) for row in rows.select(dict.fromkeys(columns)).to_pylist()]
        is_changed = pa.array([line is not None for line in found], pa.bool_())
        lines = [line for line in found if line is not None]
        rows = rows.filter(is_changed)
        for field in of_type.event.fields:
            has = [field.name in line.values for line in lines]
            if any(has):
                values = ARRAYS[field.kind]([line.values.get(field.name) for line in lines])
                rows = self._with(rows, field.name, pa.array(has), values)
        fits = pa.array([not line.is_misfit for line in lines], pa.bool_())
        rows = self._with(rows, "extra", fits, pa.array([line.extra for line in lines], pa.string()))
        rows = self._with(rows, "persons", fits, pa.array([line.persons for line in lines], pa.list_(pa.string())))
        rows = rows.append_column("is_misfit", pc.invert(fits))
        rows = rows.append_column("names_others", pa.array([line.names_others for line in lines], pa.bool_()))
        return rows.select(self.result.names).cast(self.result)  # a table that was widened has new columns at its end

    def _with(self, rows: pa.Table, name: str, has: pa.Array, values: pa.Array) -> pa.Table:
        """The rows with a column that has other values where `has` says so."""
        kind = self.schema.field(name).type
        column = rows[name].combine_chunks().cast(kind)
        return rows.set_column(rows.column_names.index(name), name, pc.if_else(has, values.cast(kind), column))


class _Type:
    """How the accepted lines of one event type are filled."""

    def __init__(self, event: EventType, currency: str, persons: Sequence[str]):
        self.event, self._persons = event, persons
        self._fields = {field.name: field for field in event.fields}
        self._parsers = {name: field_parser(field, currency) for name, field in self._fields.items()}
        self.asked = (*persons, order_lines.name)

    def line(self, row: dict[str, Any]) -> _Line | None:
        """What becomes of a line (extra, persons, and the columns of people and order lines); None if it stays as it is."""
        extra = decode(row["extra"].encode())
        rest, _ = unknown_fields({"data": extra}, frozenset(self._fields))
        # Order lines that were declared before are also kept in `extra` beside anything unknown.
        is_known = {order_lines.name} if extra.get(order_lines.name) in (None, "") or row.get(order_lines.name) else set()
        late = [name for name in extra if name in self._fields and name not in is_known]
        data = {name: row[name] for name in self._persons if row.get(name) is not None} | extra
        persons = [data[name] for name in self._persons if type(data.get(name)) is str]
        names_others = list(filter(None, persons)) != list(filter(None, row["persons"] or ()))
        if not late and rest == row["extra"] and not names_others:
            return None
        values, reason = parse_fields([self._parsers[name] for name in late], extra)
        has_empty_name = "" in (row["persons"] or ())  # of which field, the row does not say
        is_unsure = any(_is_unsure(self._fields[name], extra[name]) for name in late) or (
            names_others and any(_may_be_number(extra[name]) for name in self._persons if type(extra.get(name)) is str)
        )
        if reason is not None or has_empty_name or is_unsure:
            return _Line({}, None, None, True, False)
        return _Line(dict(zip(late, values, strict=True)), rest, persons or None, False, names_others)


def _is_unsure(field: Field, value: Any) -> bool:
    """Whether `extra` does not tell what the value was."""
    if field.kind is Kind.ORDER_LINES:
        return value not in (None, "")
    parts = value if isinstance(value, list) else [value]
    return field.kind in _TEXTS and any(isinstance(part, str) and _may_be_number(part) for part in parts)


def _may_be_number(text: str) -> bool:
    return bool(_WAS_NUMBER.fullmatch(text)) and not text.removeprefix("-").isdigit()
