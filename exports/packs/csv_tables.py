"""The CSV files of packs: each table complete, its differences to what was delivered before, and what they hold.

A file of differences has a row for each row that was `added`, `changed` or `removed`. A changed row names the columns that
changed in `changed_columns` and holds the new values, with the old ones under `<column>_before`. A row in which only ages moved
(`Table.ages`) is no changed row: every row would be one, every day. A removed row holds its key; where that would name a
person, only its `row_id`: nobody who is no fan any more, or was erased, is named to tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path

from exports.packs import row_ids
from exports.packs.csv_text import MONTH, CsvColumn, header, lines_by_owner
from exports.packs.datapackage import AS_OF, DATA_PACKAGE, MONTHS, Resource, descriptor
from exports.packs.export_day import BEFORE, NOW, ExportDay
from exports.packs.manifest import File, write, write_same
from exports.packs.row_ids import ROW_ID
from exports.policy.allow_list import OVERVIEW, Table

CSV = "csv"  # the folder of a pack that holds them
_ROUNDING = 1e-6  # of an age in weeks, which is a double


def write_tables(
    day: ExportDay, kind: str, tables: Sequence[Table], folders: Mapping[str, Path], currency: str
) -> dict[str, list[File]]:
    """Write tables into the folder of every owner; an owner without rows gets the header.

    Args:
        kind: of the packs: managers or merchants.
        tables: what to write.
        folders: by owner; the rows of others are left out.
        currency: of all money.

    Returns:
        The files by owner.
    """
    if not folders:  # a platform without merchants
        return {}
    _choose(day, next(iter(tables)).owner, list(folders))
    files: dict[str, list[File]] = {owner: [] for owner in folders}
    resources = []
    for table in tables:
        types = dict(day.con.execute(f"select column_name, column_type from (describe {_rows(table, NOW)})").fetchall())
        types |= dict.fromkeys(MONTHS, MONTH)
        complete = [CsvColumn(name, types[name], name) for name in _names(table)]
        jobs = [(Resource(table.name, table, [*complete, _as_of(day)], _identity(table), False), _rows(table, NOW), table.key)]
        if day.base is not None:
            columns = [*_change_columns(table, types), _as_of(day)]
            resource = Resource(f"{table.name}.changes", table, columns, _identity(table), True)
            jobs.append((resource, _changes(table, (day.as_of - day.base.as_of).days), ["change", *_identity(table)]))
        for resource, source, order in jobs:
            name = f"{CSV}/{resource.name}.csv"
            for owner, file in _write_by_owner(day, name, resource.columns, f"({source})", table.owner, order, folders).items():
                files[owner].append(file)
            resources.append(resource)
    package = write_same(folders.values(), f"{CSV}/{DATA_PACKAGE}", descriptor(day, kind, currency, resources))
    for written in files.values():
        written.append(package)
    return files


def _choose(day: ExportDay, owner: str, owners: list[str]) -> None:
    """Make the temp tables `chosen_<db>`: the merchants whose rows are written, on each of the days.

    Args:
        owner: the column of the overview that names whose packs they are.
    """
    for db in day.catalogs:
        mine = f"from {db}.marts.{OVERVIEW} where {owner} in (select unnest(?))"
        if owner == "merchant_id":
            mine = "from (select unnest(?) as merchant_id)"
        day.con.execute(f"create or replace temp table chosen_{db} as select merchant_id {mine}", [owners])


def _as_of(day: ExportDay) -> CsvColumn:
    return CsvColumn(AS_OF, "DATE", f"date '{day.as_of}'")


def _write_by_owner(
    day: ExportDay,
    name: str,
    columns: Sequence[CsvColumn],
    source: str,
    owner: str,
    order: list[str],
    folders: Mapping[str, Path],
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
    """SQL of a table's rows of the chosen merchants, with `row_id` where it has one."""
    rows = table.sql(db, f"chosen_{db}")
    if not table.person_key:
        return f"select * from ({rows})"
    return f"select {row_ids.sql(table.name, table.key)} as {ROW_ID}, * from ({rows})"


def _change_columns(table: Table, types: Mapping[str, str]) -> list[CsvColumn]:
    identity, compared = _identity(table), _compared(table)
    columns = [CsvColumn("change", "VARCHAR", "change"), *(CsvColumn(name, types[name], name) for name in identity)]
    columns.append(CsvColumn("changed_columns", "VARCHAR", "changed_columns"))
    for name in _names(table):
        if name not in identity:
            columns.append(CsvColumn(name, types[name], name))
            if name in compared:
                columns.append(CsvColumn(f"{name}_before", types[name], f"{name}_before"))
    return columns


def _compared(table: Table) -> list[str]:
    """Columns with an old and a new value; the old name of a person is never told."""
    left_out = {*table.key, *table.persons}
    return [name for name in table.columns if name not in left_out]


def _changes(table: Table, days: int) -> str:
    """SQL of the differences between before and now, which lie some days apart."""
    compared = _compared(table)
    identity = [table.owner, *(name for name in _identity(table) if name != table.owner)]
    same = " and ".join(f"now_rows.{name} is not distinct from before_rows.{name}" for name in identity)
    differs = {name: f"now_rows.{name} is distinct from before_rows.{name}" for name in (*compared, *table.persons)}
    key = table.key
    differs = {name: sql for name, sql in differs.items() if name not in key}
    happened = [sql for name, sql in differs.items() if name not in table.ages]
    happened += [_is_off(name, step * days) for name, step in table.ages.items() if step is not None]
    named = ", ".join(f"if({sql}, '{name}', null)" for name, sql in differs.items()) or "null"
    change = (
        "case when before_rows.is_there is null then 'added' when now_rows.is_there is null then 'removed' else 'changed' end"
    )
    values = [f"coalesce(now_rows.{name}, before_rows.{name}) as {name}" for name in identity]
    for name in _names(table):
        if name not in identity:
            values.append(f"now_rows.{name} as {name}")
            if name in compared:
                changed = f"now_rows.is_there and before_rows.is_there and {differs[name]}"
                values.append(f"if({changed}, before_rows.{name}, null) as {name}_before")
    return f"""
        select {change} as change, if(change = 'changed', concat_ws(' ', {named}), null) as changed_columns, {", ".join(values)}
        from (select true as is_there, * from ({_rows(table, NOW)})) as now_rows
        full join (select true as is_there, * from ({_rows(table, BEFORE)})) as before_rows on {same}
        where now_rows.is_there is null or before_rows.is_there is null or {" or ".join(happened) or "false"}
    """


def _is_off(age: str, step: float) -> str:
    """SQL of whether an age moved by anything but the days that went by: what it is the age of was corrected."""
    before, now = f"before_rows.{age}", f"now_rows.{age}"
    return f"coalesce(abs({now} - {before} - {step!r}) > {_ROUNDING}, {now} is distinct from {before})"
