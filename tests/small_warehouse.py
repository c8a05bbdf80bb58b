"""The hand-made warehouse that the tests of gate, publication and exports start from: rows by column name in a YAML file.

Tables, columns and types are those that are declared, without constraints, so that a test can break what a row must be.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from contract.columns import Column, Null, Type
from contract.settings import Settings
from contract.table import Table
from contract.tables import TABLES, marts
from dbt_project import success_sql
from dbt_project.build import variables
from publication.publish import publish
from publication.versions import DATABASE, next_version, point

AS_OF = date(2026, 3, 20)
ROWS = Path(__file__).with_suffix(".yml")

# What the rows lack for some questions of docs/analysts.md.
FOR_ANALYSTS = (
    "update marts.team_formation_by_region set quadrant = 'many_opens_low_rate' where month = 'all'",
    """insert into marts.daily_merchant by name (
        select daily_merchant.* replace (days.date as date, 0 as orders, days.revenue as revenue)
        from (select * from marts.daily_merchant limit 1) as daily_merchant
        cross join (values
            (date '2025-02-03', 4.00), (date '2025-02-28', 0.00), (date '2026-01-31', 4.00), (date '2026-02-22', 5.00),
            (date '2026-02-28', 0.00)
        ) as days (date, revenue)
    )""",
)

_USUAL = {"as_of": AS_OF, "merchant_id": "m-1"}
_NEUTRAL = {Type.VARCHAR: "", Type.REASONS: [], Type.BOOLEAN: False, Type.DATE: AS_OF, Type.TIMESTAMP: AS_OF}


@cache
def script(only: tuple[str, ...] = ()) -> str:
    """The statements that make the warehouse, or some marts of it."""
    rows = yaml.load(ROWS.read_text(), yaml.CSafeLoader)
    tables = [TABLES[name] for name in only] or marts()
    return "create schema marts;\n" + "\n".join(statements(tables, rows))


def statements(tables: Iterable[Table], rows: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """What makes tables with these rows.

    Raises:
        ValueError: rows are of a table, or name a column, that is not declared.
    """
    if unknown := rows.keys() - TABLES.keys():
        raise ValueError(f"{ROWS.name} has rows of {', '.join(sorted(unknown))}, which no module of contract/tables declares")
    made = []
    for table in tables:
        columns = (f"{column.name} {column.type}" for column in table.mart_columns)
        made.append(f"create table marts.{table.name} ({', '.join(columns)});")
        made += [insert(table, row) for row in rows.get(table.name, [])]
    return made


def insert(table: Table, row: Mapping[str, Any]) -> str:
    """The statement that adds a row; columns that it does not name follow from it or get what the declaration allows.

    Raises:
        ValueError: the row names a column that is not declared.
    """
    columns = {column.name: column for column in table.mart_columns}
    if unknown := row.keys() - columns.keys():
        raise ValueError(f"{ROWS.name}: {table.name} has no column {', '.join(sorted(unknown))}")
    following = {name: _formula(column) for name, column in columns.items() if name not in row}
    given = (f"{_typed(row, column)} as {name}" for name, column in columns.items() if not following.get(name))
    values = "".join(f", {formula} as {name}" for name, formula in following.items() if formula)
    return f"insert into marts.{table.name} by name select *{values} from (select {', '.join(given)});"


def _formula(column: Column) -> str | None:
    if column.quotient:
        numerator, denominator = column.quotient
        return f"({numerator})::double / nullif({denominator}, 0)"
    return column.formula


def _typed(row: Mapping[str, Any], column: Column) -> str:
    return f"{_literal(row.get(column.name, _default(column)))}::{column.type}"


def _default(column: Column) -> object:
    """What a column holds of which a row says nothing."""
    if column.name in _USUAL:
        return _USUAL[column.name]
    if column.null is Null.MEANT:
        return None
    if column.values:
        return column.values[0]
    return _NEUTRAL.get(column.type, column.least or 0)


def _literal(value: object) -> str:
    """A value as DuckDB reads it, of a number, text, date, list or struct."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case dict():
            return "{" + ", ".join(f"{name}: {_literal(inner)}" for name, inner in value.items()) + "}"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def build(settings: Settings, *changes: str, as_of: date = AS_OF, only: tuple[str, ...] = ()) -> Path:
    """Make the warehouse of a day and run `changes`, SQL statements, on it; its rows say 2026-03-20 unless changed."""
    path = settings.warehouse(as_of)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be shared
    path.write_bytes(_unchanged(only))
    with duckdb.connect(str(path)) as con:
        _change(con, changes, as_of, only)
    return path


def fill(con: duckdb.DuckDBPyConnection, *changes: str, as_of: date = AS_OF, only: tuple[str, ...] = ()) -> None:
    """Make the marts, or some, in an empty database; those of merchant success read marts as `changes` left them."""
    con.execute(script(only))
    _change(con, changes, as_of, only)


def _change(con: duckdb.DuckDBPyConnection, changes: Iterable[str], as_of: date, only: tuple[str, ...]) -> None:
    for statement in (*changes, *(() if only else _success(as_of))):
        con.execute(statement)


@cache
def _unchanged(only: tuple[str, ...]) -> bytes:
    """The warehouse's file before changes: making it takes ten times as long as writing its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "warehouse.duckdb")
        with duckdb.connect(str(path)) as con:
            con.execute(script(only))
        return path.read_bytes()


@cache
def _success(as_of: date) -> tuple[str, ...]:
    return tuple(success_sql.statements(variables(Settings.from_environment({}), as_of)))


def merchants_tables() -> list[str]:
    """The marts of merchants that the file has rows of."""
    return [name for name in yaml.load(ROWS.read_text(), yaml.CSafeLoader) if "merchant_id" in TABLES[name].key_columns]


def passed(settings: Settings, *changes: str, as_of: date = AS_OF, only: tuple[str, ...] = ()) -> Path:
    """A warehouse with the results of a gate that it passed."""
    path = build(settings, *changes, as_of=as_of, only=only)
    results = settings.work(as_of) / "gates" / "publication.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    verdict = {"passed": True, "expectations": 3, "failures": [], "warnings": []}
    results.write_text(json.dumps(verdict | {"day": as_of.isoformat(), "warehouse_sha256": digest}))
    return path


def readable(settings: Settings, *changes: str, as_of: date = AS_OF) -> None:
    """Make a version of a day as readers of marts find it, without the gate, keys and digests, which take most of the time."""
    day = settings.published / as_of.isoformat()
    version = next_version(day)
    database = day / version / DATABASE
    database.parent.mkdir(parents=True)
    database.write_bytes(_unchanged(()))
    with duckdb.connect(str(database)) as con:
        _change(con, changes, as_of, ())
    point(settings.published, as_of, version)


class SharedHome:
    """A home that several tests have, each in a folder of its own, which shares what is large or much: databases and exports.

    Tests may replace these files, and write into none.
    """

    def __init__(self, home: Path):
        self.home = home
        self._before = self._stamps()

    def put(self, to: Path) -> None:
        shutil.copytree(self.home, to, symlinks=True, copy_function=self._put)

    def check(self) -> None:
        """Whether that was so."""
        changed = {str(path) for path, _ in self._before.items() ^ self._stamps().items()}
        assert not changed, f"tests wrote into files that others share: {sorted(changed)}"

    def _put(self, source: str, target: str) -> None:
        is_shared = source.endswith(".duckdb") or Path(source).is_relative_to(self.home / "exports")
        (os.link if is_shared else shutil.copy2)(source, target)

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        files = [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink()]
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def published(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    """The folder of the current version of a day whose warehouse was published."""
    passed(settings, *changes, as_of=as_of)
    publish(settings, as_of)
    return (settings.published / as_of.isoformat() / "current").resolve()
