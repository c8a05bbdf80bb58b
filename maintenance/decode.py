"""Whether a file names people, whatever it is packed in: Parquet, gzip, zstd, zip (and so xlsx), DuckDB, SQLite, or plain."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from contract.sql import quoted
from maintenance.needles import Needles

_HEAD = 16
_CELLS = 10_000
_NO_TEXT = (
    "BOOLEAN",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "DOUBLE",
    "FLOAT",
    "DECIMAL",
    "INTERVAL",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
)
Open = Callable[[], IO[bytes]]


class Unsearchable(Exception):
    """A file that could not be decoded, so that nobody knows what it names; the message says why."""


def kind_of(head: bytes) -> str:
    """What a file is by its first bytes: `parquet`, `gzip`, `zstd`, `zip`, `duckdb`, `sqlite` or `plain`."""
    if head[8:12] == b"DUCK":
        return "duckdb"
    magic = {
        b"PAR1": "parquet",
        b"\x1f\x8b": "gzip",
        b"\x28\xb5\x2f\xfd": "zstd",
        b"PK\x03\x04": "zip",
        b"SQLite format 3\0": "sqlite",
    }
    return next((name for begin, name in magic.items() if head.startswith(begin)), "plain")


def names_anybody(open_: Open, needles: Needles, path: Path | None = None) -> bool:
    """Whether a file names one of the people in what it holds.

    Args:
        open_: gives the file from its beginning, to be sought in.
        path: of the file, which databases are opened by.

    Raises:
        Unsearchable: it is damaged, or another process holds the database.
    """
    with open_() as file:
        kind = kind_of(file.read(_HEAD))
    try:
        if kind == "plain":
            with open_() as file:
                return needles.in_stream(file)
        match kind:
            case "parquet":
                with open_() as file:
                    return any(needles.rows(rows).true_count for rows in parquet_rows(file))
            case "gzip":
                with open_() as file, gzip.GzipFile(fileobj=file) as unpacked:
                    return needles.in_stream(cast("IO[bytes]", unpacked))
            case "zstd":
                with open_() as file:
                    frames = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
                    return needles.in_stream(cast("IO[bytes]", frames))
            case "zip":
                with open_() as file, zipfile.ZipFile(file) as archive:
                    members = [member for member in archive.infolist() if not member.is_dir()]
                    if needles.in_stream(io.BytesIO("\n".join(archive.namelist()).encode())):
                        return True
                    return any(_member_names(archive, member, needles) for member in members)
            case "duckdb" if path is not None:
                return any(needles.rows(rows).true_count for _, rows in duckdb_rows(path))
            case "sqlite" if path is not None:
                with open_() as file:  # what was deleted stays in free pages
                    is_left = needles.in_stream(file, binary=True)
                return is_left or any(needles.in_values(values).true_count for values in sqlite_values(path))
    except FileNotFoundError:
        raise
    except (
        OSError,
        EOFError,
        zlib.error,
        zipfile.BadZipFile,
        zstandard.ZstdError,
        pa.ArrowException,
        duckdb.Error,
        sqlite3.Error,
    ) as error:
        raise Unsearchable(f"{kind}: {type(error).__name__}: {str(error).splitlines()[0]}") from error
    raise Unsearchable(f"{kind} within another file, or in an object store")


def _member_names(archive: zipfile.ZipFile, member: zipfile.ZipInfo, needles: Needles) -> bool:
    content = archive.read(member)
    return names_anybody(lambda: io.BytesIO(content), needles)


def parquet_rows(file: IO[bytes]) -> Iterator[pa.RecordBatch]:
    yield from pq.ParquetFile(file).iter_batches(batch_size=100_000)


def duckdb_rows(path: Path) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The texts of every table of a DuckDB file, with the table's name; nested values as text."""
    with duckdb.connect(str(path), read_only=True, config={"autoinstall_known_extensions": False}) as con:
        columns: dict[str, list[str]] = {}
        for schema, table, column, kind in con.execute(
            """select schema_name, table_name, column_name, data_type from duckdb_columns()
            where not internal and table_name in (select table_name from duckdb_tables()) order by all"""
        ).fetchall():
            if kind.startswith(_NO_TEXT) and not kind.endswith("]"):
                continue
            name = quoted(column)
            columns.setdefault(f"{quoted(schema)}.{quoted(table)}", []).append(
                name if kind in ("VARCHAR", "BLOB") else f"{name}::varchar as {name}"
            )
        for table, texts in columns.items():
            for rows in con.execute(f"select {', '.join(texts)} from {table}").to_arrow_reader(100_000):
                yield table, rows


def sqlite_values(path: Path) -> Iterator[pa.Array]:
    """Every text and every blob of a SQLite file, some thousand at a time."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as con:
        con.text_factory = bytes
        for (table,) in con.execute("select name from sqlite_master where type = 'table' and sql is not null").fetchall():
            name = quoted(table.decode())
            cells = (cell for row in con.execute(f"select * from {name}") for cell in row if isinstance(cell, bytes))
            while chunk := list(islice(cells, _CELLS)):
                yield pa.array(chunk, pa.large_binary())
