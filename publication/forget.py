"""Take the rows that name people out of a published version, whose other rows stay as they were published."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

from contract.sql import literal, quoted
from publication.versions import DATABASE, RUN

_ROWS_AT_A_TIME = 100_000


def forget(version: Path, names: Callable[[pa.RecordBatch], pa.Array]) -> int:
    """Write the database of a version again without some rows, and put it in place of the one before by one rename.

    Who has the file open reads on in the one before. Schema, constraints and comments stay; `run.json` gets the rows that are
    left and `rows_forgotten`, and no digests, since the content is that of no build.

    Args:
        version: the folder of the version; the caller holds `one_publisher`.
        names: for each row of a batch whether it is to go.

    Returns:
        How many rows went.
    """
    database, building = version / DATABASE, version / f".{DATABASE}.part"
    building.unlink(missing_ok=True)
    gone, rows = 0, {}
    with duckdb.connect(str(building), config={"autoinstall_known_extensions": False}) as con:
        con.execute(f"attach {literal(database)} as before (read_only)")
        where = "database_name = 'before' and not internal"
        con.execute("begin")
        for (schema,) in con.execute(
            f"select schema_name from duckdb_schemas() where {where} and schema_name <> 'main'"
        ).fetchall():
            con.execute(f"create schema {quoted(schema)}")
        tables = con.execute(
            f"select schema_name, table_name, sql, comment from duckdb_tables() where {where} order by all"
        ).fetchall()
        for schema, name, ddl, comment in tables:
            table = f"{quoted(schema)}.{quoted(name)}"
            con.execute(ddl)
            kept = "where rowid not in (from forgotten_rows)" if _find(con, table, names) else ""
            con.execute(f"insert into {table} select * from before.{table} {kept}")
            [(there, left)] = con.execute(
                f"select (select count(*) from before.{table}), (select count(*) from {table})"
            ).fetchall()
            gone, rows[name] = gone + there - left, left
            if comment is not None:
                con.execute(f"comment on table {table} is {literal(comment)}")
        for schema, name, column, comment in con.execute(
            f"select schema_name, table_name, column_name, comment from duckdb_columns() where {where} and comment is not null"
        ).fetchall():
            con.execute(f"comment on column {quoted(schema)}.{quoted(name)}.{quoted(column)} is {literal(comment)}")
        con.execute("commit")
    run = json.loads((version / RUN).read_text(encoding="utf-8"))
    told = {**run, "rows": rows, "digests": {}, "rows_forgotten": run.get("rows_forgotten", 0) + gone}
    part = version / f".{RUN}.part"
    part.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for path, target in ((building, database), (part, version / RUN)):
        path.chmod(0o444)
        _sync(path)
        os.replace(path, target)
    return gone


def _find(con: duckdb.DuckDBPyConnection, table: str, names: Callable[[pa.RecordBatch], pa.Array]) -> int:
    """Make the temp table `forgotten_rows` of the numbers of the rows to go; gives how many there are."""
    con.execute("create or replace temp table forgotten_rows (row bigint)")
    cursor = con.cursor()  # which does not see the open transaction, and reads only what was there before
    try:
        found: list[int] = []
        reader = cursor.execute(f"select rowid as forgotten_row, * from before.{table}").to_arrow_reader(_ROWS_AT_A_TIME)
        for batch in reader:
            mask = names(batch)
            found += batch.column("forgotten_row").filter(mask).to_pylist()
    finally:
        cursor.close()
    if found:
        con.register("found_rows", pa.table({"row": pa.array(found, pa.int64())}))
        con.execute("insert into forgotten_rows from found_rows")
        con.unregister("found_rows")
    return len(found)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
