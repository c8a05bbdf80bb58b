"""The CSV files of packs: each table complete, its differences to what was delivered before, and a schema beside each.

A file of differences has a row for each row that was `added`, `changed` or `removed`. A changed row names the columns that
changed in `changed_columns` and holds the new values, with the old ones under `<column>_before`. A removed row holds its key;
where that would name a person, only its `row_id`: nobody who is no fan any more, or was erased, is named to tell it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from exports.allowed import Table
from exports.csv_files import Column, header, lines_by_owner
from exports.day import BEFORE, NOW, Day
from exports.manifest import File, write, write_same

_SCHEMA_TYPES = {"VARCHAR": "string", "DATE": "date", "BOOLEAN": "boolean", "TIMESTAMP": "datetime", "DOUBLE": "number"}
ROW_ID = "row_id"
CSV = "csv"  # the folder of a pack that holds them


def write_tables(day: Day, tables: Iterable[Table], folders: Mapping[str, Path]) -> dict[str, list[File]]:
    """Write tables into the folder of every owner; an owner without rows gets the header.

    Args:
        tables: what to write.
        folders: by owner.

    Returns:
        The files by owner.
    """
    files: dict[str, list[File]] = {owner: [] for owner in folders}
    descriptions = _descriptions(day)
    for table in tables:
        types = dict(day.con.execute(f"select column_name, column_type from (describe {_rows(table, NOW)})").fetchall())
        complete = [Column(name, types[name], name) for name in _names(table)]
        jobs = [(f"{CSV}/{table.name}.csv", complete, _rows(table, NOW), table.key)]
        if day.base is not None:
            changes = _change_columns(table, types)
            jobs.append((f"{CSV}/{table.name}.changes.csv", changes, _changes(table), ["change", *_identity(table)]))
        for name, columns, source, order in jobs:
            written = _write_by_owner(day, name, columns, f"({source})", table.owner, order, folders)
            schema = write_same(
                folders.values(),
                f"{name.removesuffix('.csv')}.schema.json",
                _schema(table, columns, descriptions.get(table.mart, {})),
            )
            for owner, file in written.items():
                files[owner] += [file, schema]
    return files


def _write_by_owner(
    day: Day, name: str, columns: list[Column], source: str, owner: str, order: list[str], folders: Mapping[str, Path]
) -> dict[str, File]:
    lines = lines_by_owner(day.con, columns, source, owner, order)
    head = (0, header(columns))
    written = {
        who: write(folders[who], name, chain([head], ((rows, text) for _, rows, text in pieces)))
        for who, pieces in groupby(lines, key=itemgetter(0))
    }
    return written | {who: write(folders[who], name, [head]) for who in folders.keys() - written.keys()}


def _names(table: Table) -> list[str]:
    return [*([ROW_ID] if table.person_key else []), *table.columns]


def _identity(table: Table) -> list[str]:
    """What names a row in a file of differences."""
    return [ROW_ID] if table.person_key else table.key


def _rows(table: Table, db: str) -> str:
    """SQL of a table's rows with `row_id` where it has one."""
    rows = f"select * from ({table.sql.replace('{db}', db)})"
    if not table.person_key:
        return rows
    parts = ", ".join(f"'{table.name}'" if name == "" else f"{name}::varchar" for name in ["", *table.key])
    return f"select sha256(concat_ws(chr(31), {parts}))[:32] as {ROW_ID}, * from ({table.sql.replace('{db}', db)})"


def _change_columns(table: Table, types: Mapping[str, str]) -> list[Column]:
    columns = [Column("change", "VARCHAR", "change"), *(Column(name, types[name], name) for name in _identity(table))]
    columns.append(Column("changed_columns", "VARCHAR", "changed_columns"))
    for name in _names(table):
        if name not in _identity(table):
            columns.append(Column(name, types[name], name))
            if name in _compared(table):
                columns.append(Column(f"{name}_before", types[name], f"{name}_before"))
    return columns


def _compared(table: Table) -> list[str]:
    """Columns with an old and a new value; the old name of a person is never told."""
    return [name for name in table.columns if name not in table.key and name not in table.persons]


def _changes(table: Table) -> str:
    """SQL of the differences between before and now."""
    identity = [table.owner, *(name for name in _identity(table) if name != table.owner)]
    same = " and ".join(f"now_rows.{name} is not distinct from before_rows.{name}" for name in identity)
    differs = {name: f"now_rows.{name} is distinct from before_rows.{name}" for name in (*_compared(table), *table.persons)}
    differs = {name: sql for name, sql in differs.items() if name not in table.key}
    named = ", ".join(f"if({sql}, '{name}', null)" for name, sql in differs.items()) or "null"
    change = (
        "case when before_rows.is_there is null then 'added' when now_rows.is_there is null then 'removed' else 'changed' end"
    )
    values = [f"coalesce(now_rows.{name}, before_rows.{name}) as {name}" for name in identity]
    for name in _names(table):
        if name not in identity:
            values.append(f"now_rows.{name} as {name}")
            if name in _compared(table):
                changed = f"now_rows.is_there and before_rows.is_there and {differs[name]}"
                values.append(f"if({changed}, before_rows.{name}, null) as {name}_before")
    return f"""
        select {change} as change, if(change = 'changed', concat_ws(' ', {named}), null) as changed_columns, {", ".join(values)}
        from (select true as is_there, * from ({_rows(table, NOW)})) as now_rows
        full join (select true as is_there, * from ({_rows(table, BEFORE)})) as before_rows on {same}
        where now_rows.is_there is null or before_rows.is_there is null or {" or ".join(differs.values()) or "false"}
    """


def _schema(table: Table, columns: list[Column], descriptions: Mapping[str, str]) -> bytes:
    """A Table Schema (https://datapackage.org/standard/table-schema/) of a file."""
    fields = []
    for column in columns:
        plain = column.name.removesuffix("_before")
        about = _OWN.get(column.name) or descriptions.get(plain) or plain.replace("_", " ")
        field = {"name": column.name, "type": _schema_type(column.type), "description": about}
        if plain in table.columns:
            field["reason"] = str(table.columns[plain])
        fields.append(field)
    keys = [name for name in (ROW_ID, *table.key) if name in {column.name for column in columns}]
    primary = keys[:1] if table.person_key else keys
    dialect = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "header": True, "guard": "'"}
    schema: dict[str, Any] = {"name": table.name, "fields": fields, "primaryKey": primary, "dialect": dialect}
    return (json.dumps(schema, indent=1, ensure_ascii=False) + "\n").encode()


def _schema_type(kind: str) -> str:
    name = kind.partition("(")[0]
    return _SCHEMA_TYPES.get(name, "datetime" if name.startswith("TIMESTAMP") else "number" if name == "DECIMAL" else "integer")


_OWN = {
    "change": "added, changed or removed since what was delivered before",
    "changed_columns": "names of the columns that changed, with blanks between",
    ROW_ID: "names the row without naming a person",
}


def _descriptions(day: Day) -> dict[str, dict[str, str]]:
    """Description by column by mart, from the comments in the warehouse."""
    found: dict[str, dict[str, str]] = {}
    for mart, column, comment in day.con.execute(
        f"""select table_name, column_name, comment from duckdb_columns()
        where database_name = '{NOW}' and schema_name = 'marts' and comment is not null"""
    ).fetchall():
        found.setdefault(mart, {})[column] = comment
    return found
