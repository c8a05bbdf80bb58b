"""The marts of a published day, as often beside each other as it takes to have so many events."""

from __future__ import annotations

from pathlib import Path

import duckdb

from contract.columns import Type
from contract.tables import marts
from publication.publish import literal


def multiply(database: Path, target: Path, events: int) -> int:
    """Write the marts of a published file as often as it takes to have so many events; returns how often."""
    with duckdb.connect(str(target)) as con:
        con.execute(f"attach {literal(str(database))} as source (read_only)")
        [(there,)] = con.execute("select sum(events) from source.marts.event_registry").fetchall()
        copies = round(events / there)
        con.execute("create schema marts")
        shown = con.execute("select table_name from duckdb_tables() where database_name = 'source'").fetchall()
        for table in (table for table in marts() if (table.name,) in shown):
            ids = [column.name for column in table.mart_columns if column.type is Type.VARCHAR and column.name.endswith("_id")]
            # Rows of the whole platform stay as they are.
            often = copies if set(ids) & set(table.key_columns) else 1
            apart = ", ".join(f"{name} || '-' || copy as {name}" for name in ids)
            rows = f"select * exclude (copy){f' replace ({apart})' if often > 1 else ''}"
            con.execute(
                f"create table marts.{table.name} as {rows} from source.marts.{table.name}, range({often}) as copies (copy)"
            )
    return int(copies)
