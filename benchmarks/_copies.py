"""A published day, a lake or a landing, as often beside each other as it takes to have so many events."""

from __future__ import annotations

import gzip
import re
import shutil
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import duckdb
import zstandard
from deltalake import DeltaTable, write_deltalake
from isal import igzip

from contract.columns import Type
from contract.events import SOURCES
from contract.sql import literal
from contract.tables import marts
from dbt_project.extensions import load_extensions

_ROWS_PER_BATCH = 100_000
# Ids in the simulator's lines; `p-` are products, which have the same ids at all merchants.
_IDS = re.compile(rb'((?:_id|"id|"source)": ?"(?!p-[0-9])[^"]*)"')
_END = b"\x00"  # in none of these lines


def multiply(database: Path, target: Path, events: int) -> int:
    """Write the marts of a published file as often as it takes to have so many events; returns how often."""
    with duckdb.connect(str(target)) as con:
        con.execute(f"attach {literal(database)} as source (read_only)")
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


def multiply_lake(lake: Path, target: Path, events: int) -> int:
    """Write a lake with so many events, as often as it takes; returns how often.

    The first copy stays as it is; each other one has merchants, people and all else that is named by an id of its own. Products
    have the same ids at all merchants, and keep them.
    """
    with duckdb.connect() as con:
        load_extensions(con)
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        accepted = " + ".join(
            f"(select count(*) from delta_scan({literal(f'{lake}/{source}_events')}) where fate = 'accepted')"
            for source in SOURCES
        )
        [(there,)] = con.execute(f"select {accepted}").fetchall()
        copies = max(round(events / int(there)), 1)
        for path in sorted(path for path in lake.iterdir() if (path / "_delta_log").is_dir()):
            table = f"delta_scan({literal(path)})"
            ids = [
                name
                for name, kind, *_ in con.execute(f"describe from {table}").fetchall()
                if kind == "VARCHAR" and name.endswith("_id") and name != "product_id"
            ]
            kept = {"object_id": "copy = 0 or object_type = 'product'"}  # what is shared or viewed may be a product
            apart = ", ".join(f"if({kept.get(name, 'copy = 0')}, {name}, {name} || '-' || copy) as {name}" for name in ids)
            # Rows of the whole platform stay as they are.
            often = copies if ids else 1
            rows = f"select * exclude (copy){f' replace ({apart})' if ids else ''}"
            reader = con.execute(f"{rows} from {table}, range({often}) as copies (copy)").to_arrow_reader(_ROWS_PER_BATCH)
            write_deltalake(str(target / path.name), reader, partition_by=DeltaTable(str(path)).metadata().partition_columns)
    return copies


def multiply_landing(landing: Path, target: Path, copies: int) -> None:
    """Write a simulated landing so many times.

    The first copy stays as it is; each other one has an id of its own for all but products, in files beside the first's.
    """
    partial_target = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial_target, ignore_errors=True)
    files = sorted(landing.glob("*/dt=*/*.jsonl*"))
    assert files, f"{landing} holds no files of events"
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(_multiply_file, landing, partial_target, copies), files, chunksize=8))
    partial_target.rename(target)


def _multiply_file(landing: Path, target: Path, copies: int, file: Path) -> None:
    first = target / file.relative_to(landing)
    first.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, first)
    try:
        lines = _IDS.sub(rb"\1" + _END + b'"', _decoded(file))
    except EOFError:  # the archive that the simulator cuts off holds nothing that is not delivered besides
        return
    name, _, _ = file.name.partition(".")
    for copy in range(1, copies):
        again = lines.replace(_END, b"-%d" % copy)
        first.with_name(f"{name}-{copy:02d}.jsonl.gz").write_bytes(igzip.compress(again, 2, mtime=0))


def _decoded(file: Path) -> bytes:
    match file.suffix:
        case ".gz":
            return gzip.decompress(file.read_bytes())
        case ".zst":
            return zstandard.ZstdDecompressor().decompressobj().decompress(file.read_bytes())
        case _:
            return file.read_bytes()
