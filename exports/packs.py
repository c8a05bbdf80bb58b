"""The packs of a day: a folder for each merchant with its CSV files and a manifest, and nothing of another merchant."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb

from expectations.settings import Settings
from exports.allowed import FIGURE, TABLES, Table
from exports.csv_files import Column, header, lines_by_owner
from exports.names import safe_name
from publication.publish import current_database

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
# Whoever may be named in a merchant's pack: its fans at the end of the day.
FANS = "create temp table fans as select merchant_id, user_id from marts.fan_revenue where is_fan_at_end"
NO_FANS = "create temp table fans (merchant_id varchar, user_id varchar)"


@dataclass
class File:
    """A file as the manifest names it, counted while it is written."""

    rows: int = 0
    bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def entry(self, name: str) -> dict[str, Any]:
        return {"name": name, "rows": self.rows, "bytes": self.bytes, "sha256": self.digest.hexdigest()}


def export(settings: Settings, as_of: date) -> dict[str, Any]:
    """Write the exports of a day from its current publication; returns the report of the step.

    The folder `exports/<as_of>` is built beside and renamed, so that nobody finds half of it.

    Raises:
        PublicationError: the day has not been published.
    """
    database = current_database(settings, as_of)
    folder = settings.exports / as_of.isoformat()
    building = settings.exports / f".{as_of}.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    with duckdb.connect(str(database), read_only=True, config={"temp_directory": str(building / ".spill")}) as con:
        packs = write_merchant_packs(con, building / "merchants")
    shutil.rmtree(building / ".spill", ignore_errors=True)
    version = database.parent.name
    rows = 0
    index = []
    for merchant, files in packs.items():
        manifest = {"merchant_id": merchant, "as_of": as_of.isoformat(), "warehouse_version": version} | {
            "schema_version": SCHEMA_VERSION,
            "files": files,
        }
        name = f"merchants/{safe_name(merchant)}"
        text = _json(manifest)
        (building / name / MANIFEST).write_bytes(text)
        index.append({"folder": name, "merchant_id": merchant, "manifest_sha256": hashlib.sha256(text).hexdigest()})
        rows += sum(entry["rows"] for entry in files)
    (building / MANIFEST).write_bytes(
        _json({"as_of": as_of.isoformat(), "warehouse_version": version, "schema_version": SCHEMA_VERSION, "packs": index})
    )
    _swap(building, folder)
    report = {"step": "exports", "rows_in": rows, "rows_out": rows, "merchants": len(packs)}
    return report | {"version": version, "folder": str(folder)}


def write_merchant_packs(con: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Write the CSV files of every merchant below `folder`; returns the manifest's entries by merchant."""
    types = _types(con)
    con.execute(FANS if "fan_revenue" in types else NO_FANS)
    tables = [table for table in TABLES if table.mart in types]
    named = " union ".join(f"select merchant_id from marts.{table.mart} where {_rows(table)}" for table in tables)
    if not tables:
        return {}
    packs: dict[str, list[dict[str, Any]]] = {
        merchant: [] for (merchant,) in con.execute(f"select merchant_id from ({named}) order by 1").fetchall()
    }
    for merchant in packs:
        (folder / safe_name(merchant)).mkdir(parents=True)
    for table in tables:
        files = _write_table(con, table, types[table.mart], folder, list(packs))
        for merchant, file in files.items():
            packs[merchant].append(file.entry(f"{table.mart}.csv"))
    return packs


def _write_table(
    con: duckdb.DuckDBPyConnection, table: Table, types: dict[str, str], folder: Path, merchants: list[str]
) -> dict[str, File]:
    """Write one table into every merchant's folder; a merchant without rows gets the header."""
    columns = [Column(name, types[name], _value(table, name)) for name in table.columns]
    order = [f"mart.{name}" for name, why in table.columns.items() if why is not FIGURE and name != "merchant_id"]
    lines = lines_by_owner(con, columns, _source(table), "mart.merchant_id", order)
    files = {}
    for merchant, pieces in groupby(lines, key=itemgetter(0)):
        files[merchant] = _write(folder / safe_name(merchant) / f"{table.mart}.csv", columns, pieces)
    for merchant in merchants:
        if merchant not in files:
            files[merchant] = _write(folder / safe_name(merchant) / f"{table.mart}.csv", columns, [])
    return files


def _write(path: Path, columns: list[Column], pieces: Iterable[tuple[str, int, memoryview]]) -> File:
    file = File()
    with path.open("xb") as out:
        for rows, text in chain([(0, memoryview(header(columns)))], ((rows, text) for _, rows, text in pieces)):
            out.write(text)
            file.rows += rows
            file.bytes += text.nbytes
            file.digest.update(text)
    return file


def _rows(table: Table) -> str:
    """Which rows are a merchant's: in one mart those of all merchants together stand beside them."""
    return "merchant_id <> 'all'" if table.mart == "spread_concentration" else "true"


def _source(table: Table) -> str:
    """SQL of the rows that leave, with `fan_of_<column>` for each column of persons that may be named."""
    joins = [f"marts.{table.mart} as mart"]
    if table.fan_rows:
        joins.append(f"semi join fans on mart.merchant_id = fans.merchant_id and mart.{table.fan_rows} = fans.user_id")
    for name in table.fan_names:
        fan = f"fan_of_{name}"
        joins.append(f"left join fans as {fan} on mart.merchant_id = {fan}.merchant_id and mart.{name} = {fan}.user_id")
    return f"{' '.join(joins)} where mart.{_rows(table)}" if _rows(table) != "true" else " ".join(joins)


def _value(table: Table, name: str) -> str:
    return f"fan_of_{name}.user_id" if name in table.fan_names else f'mart."{name}"'


def _types(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Type by column by mart."""
    types: dict[str, dict[str, str]] = {}
    for mart, column, kind in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'marts' order by column_index"
    ).fetchall():
        types.setdefault(mart, {})[column] = kind
    return types


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _swap(building: Path, folder: Path) -> None:
    """Put a folder in the place of another; whoever is killed between leaves it for the next run to do."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    building.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
