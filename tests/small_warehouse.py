"""The hand-made warehouse that the tests of gate, publication and exports start from."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb

from contract.settings import Settings
from dbt_project.build import variables
from dbt_project.success_sql import statements
from publication.publish import publish

AS_OF = date(2026, 3, 20)


def build(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    """Make the warehouse of a day and run `changes`, SQL statements, on it; its rows say 2026-03-20 unless changed."""
    path = settings.warehouse(as_of)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        fill(con, *changes, as_of=as_of)
    return path


def columns() -> list[tuple[str, str]]:
    """Mart and column of all that changes can change: what is worked out afterwards is not among them."""
    with duckdb.connect() as con:
        con.execute(Path(__file__).with_suffix(".sql").read_text())
        return con.execute("select table_name, column_name from duckdb_columns() where schema_name = 'marts'").fetchall()


def fill(con: duckdb.DuckDBPyConnection, *changes: str, as_of: date = AS_OF) -> None:
    """Make the marts in an empty database, those of merchant success from the others as `changes` left them."""
    con.execute(Path(__file__).with_suffix(".sql").read_text())
    for change in changes:
        con.execute(change)
    for statement in statements(variables(Settings.from_environment({}), as_of)):
        con.execute(statement)


def passed(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    """A warehouse with the results of a gate that it passed."""
    path = build(settings, *changes, as_of=as_of)
    results = settings.work(as_of) / "gates" / "publication.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    verdict = {"passed": True, "expectations": 3, "failures": [], "warnings": []}
    results.write_text(json.dumps(verdict | {"day": as_of.isoformat(), "warehouse_sha256": digest}))
    return path


def published(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    """The folder of the current version of a day whose warehouse was published."""
    passed(settings, *changes, as_of=as_of)
    publish(settings, as_of)
    return (settings.published / as_of.isoformat() / "current").resolve()
