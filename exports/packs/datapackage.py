"""What the CSV files of a pack hold, for machines: a Data Package (https://specs.frictionlessdata.io) beside them.

`datapackage.json` has a resource for each file: its fields with type, unit, description, the values of a closed list, and why
the field may leave; which fields name a row; how the text is written. `unit`, `reason`, `guarded` and `ages` are properties of
ours, which the standard allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.columns import MONEY
from contract.tables import TABLES, marts
from exports.packs.csv_text import GUARD, LINE_END, MONTH, CsvColumn
from exports.packs.export_day import NOW, ExportDay
from exports.packs.manifest import versions
from exports.packs.row_ids import ROW_ID
from exports.policy.allow_list import Table, Why

DATA_PACKAGE = "datapackage.json"
AS_OF = "as_of"
CHANGES = ("added", "changed", "removed")
BEFORE = "_before"
MONTHS = ("month", "cohort_month", "growth_month")  # columns of texts such as 2026-03

_TYPES = {
    "VARCHAR": "string",
    MONTH: "yearmonth",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "DOUBLE": "number",
    "DECIMAL": "number",
}
# A number has one unit in all marts, by its name.
UNITS = {column.name: column.unit for mart in marts() for column in mart.mart_columns if column.unit}
# What the comments of the marts do not say: columns of the exports' own, and ids that a reader meets without the mart.
# `<table>.<column>` is of one table alone.
_TEXTS = {
    ROW_ID: "Names the row without naming a person; the same on every day.",
    AS_OF: "Business date at whose end all figures of the row stand.",
    "change": "What became of the row since the delivery before: added, changed or removed.",
    "changed_columns": "Names of the columns that differ from the delivery before, with blanks between.",
    "merchant_id": "Id of the merchant that the row is about.",
    "user_id": "Id or pseudonym of the fan that the row is about; empty where the person is no fan of the merchant.",
    "root_user_id": "Id or pseudonym of the fan who made the first share of the tree; empty where the person is no fan.",
    "fan": "Id or pseudonym of a fan who may be contacted.",
    "display_name": "Name that the fan chose; empty where the merchant may not contact the fan, or people carry pseudonyms.",
    "masked_name": "First character of the name that the fan chose, and two stars.",
    "may_contact": "Whether the merchant may contact the fan; empty where nobody is named.",
    "no_contact_reason": "Why not: the fan blocks the merchant, opted out, refused its last call or message, or several.",
    "calls.reason_1": "Strongest reason for the call in words; empty where there is none.",
    "calls.reason_2": "Second strongest reason for the call in words.",
    "calls.reason_3": "Third strongest reason for the call in words.",
}  # fmt: skip


@dataclass(frozen=True)
class Resource:
    """A CSV file of the package."""

    name: str
    table: Table
    columns: Sequence[CsvColumn]
    key: Sequence[str]
    is_differences: bool


def descriptor(day: ExportDay, kind: str, currency: str, resources: Iterable[Resource]) -> bytes:
    """The text of `datapackage.json`, which is the same for every pack of a kind and day; without blanks, as each gets it."""
    comments = _comments(day)
    package = {
        "profile": "tabular-data-package",
        "name": f"fanout-{kind}-{day.as_of}",
        "description": (
            f"Times are UTC, money is {currency}. A text of a field that is guarded may have one {GUARD} in front, which is no "
            "part of it: take it away. An empty cell is null; an empty text is written as two quotes."
        ),
        **versions(day.published, day.base),
        "resources": [_resource(resource, comments.get(resource.table.mart, {}), currency) for resource in resources],
    }
    return (json.dumps(package, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _resource(resource: Resource, comments: Mapping[str, str], currency: str) -> dict[str, Any]:
    table, text = resource.table, resource.table.text
    if resource.is_differences:
        text = f"What is new since the delivery before: rows that were added, changed or removed. A row: {text}"
        if table.ages:
            text += f" Rows in which nothing but {', '.join(table.ages)} moved are left out; {table.name}.csv has them all."
    fields = [_field(resource, column, comments, currency) for column in resource.columns]
    return {
        "profile": "tabular-data-resource",
        "name": resource.name,
        "path": f"{resource.name}.csv",
        "description": text,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": LINE_END, "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": {"fields": fields, "primaryKey": list(resource.key), "missingValues": [""]},
    }


def _field(resource: Resource, column: CsvColumn, comments: Mapping[str, str], currency: str) -> dict[str, Any]:
    table, plain = resource.table, column.name
    if plain not in table.columns:  # some marts have columns of their own that end so
        plain = plain.removesuffix(BEFORE)
    text = description(table, plain, comments)
    if plain != column.name:
        text = f"Value in the delivery before, where it was another: {text}"
    field: dict[str, Any] = {"name": column.name, "type": _type(column), "description": text}
    if field["type"] == "datetime":
        field["format"] = "any"  # ISO 8601 in UTC, with a fraction of a second where there is one
    if field["type"] != "string" and (unit := UNITS.get(plain)):  # a `period` is a word in one mart, months in another
        field["unit"] = currency if unit == MONEY else unit
    if field["type"] == "string":
        field["guarded"] = True
    if plain in table.ages:
        field["ages"] = True
    if reason := table.columns.get(plain) or {AS_OF: Why.DAY, ROW_ID: Why.KEY}.get(plain):
        field["reason"] = str(reason)
    constraints: dict[str, Any] = {}
    if values := values_of(table, plain):
        constraints["enum"] = list(values)
    if column.name in (*resource.key, AS_OF, "change"):
        constraints["required"] = True
    return field | ({"constraints": constraints} if constraints else {})


def description(table: Table, column: str, comments: Mapping[str, str]) -> str:
    """What a column holds, in a sentence: ours, else the mart's."""
    text = _TEXTS.get(f"{table.name}.{column}") or _TEXTS.get(column) or comments.get(column) or column.replace("_", " ")
    return " ".join(text.split())


def values_of(table: Table, column: str) -> tuple[str, ...]:
    """The closed list that a column is taken from, empty where there is none."""
    if column == "change":
        return CHANGES
    declared = (*TABLES["fan_contacts"].columns, *TABLES[table.mart].columns)
    return {one.name: one.values for one in declared}.get(column, ())


def _type(column: CsvColumn) -> str:
    name = column.type.partition("(")[0]
    return _TYPES.get(name, "datetime" if name.startswith("TIMESTAMP") else "integer")


def _comments(day: ExportDay) -> dict[str, dict[str, str]]:
    """Description by column by mart, from the comments in the warehouse."""
    found: dict[str, dict[str, str]] = {}
    for mart, column, comment in day.con.execute(
        f"""select table_name, column_name, comment from duckdb_columns()
        where database_name = '{NOW}' and schema_name = 'marts' and comment is not null"""
    ).fetchall():
        found.setdefault(mart, {})[column] = comment
    return found
