"""The example landing with other names of everybody gives the same figures."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import duckdb
import pytest
import zstandard

from contract.events import EVENT_TYPES, Kind
from spark_jobs.ingest.files import UnreadableFile, read_blocks
from tests.end_to_end.conftest import Place, compare
from tests.end_to_end.steps import BUILD

pytestmark = pytest.mark.acceptance


IDENTIFIERS = sorted(
    {"id"} | {field.name for event in EVENT_TYPES.values() for field in event.fields if field.kind is Kind.IDENTIFIER}
)
PREFIX = "zz-"


def renamed(content: bytes) -> bytes:
    """Lines whose identifiers all begin with `PREFIX`; nothing else in them is touched."""
    names = "|".join(IDENTIFIERS).encode()
    return re.sub(rb'"(%s)"(\s*:\s*)"(?=[^"])' % names, rb'"\1"\2"' + PREFIX.encode(), content)


def is_whole(path: Path) -> bool:
    try:
        return all(len(numbers) == len(lines) for numbers, lines in read_blocks(path, path.suffix.removesuffix(".jsonl")))
    except UnreadableFile:
        return False


def without_prefix(warehouse: Path, copy: Path) -> None:
    with duckdb.connect(str(copy)) as database:
        database.execute(f"attach '{warehouse}' as built (read_only); create schema marts")
        columns = database.execute(
            """
            select table_name, column_name, data_type from duckdb_columns()
            where database_name = 'built' and schema_name = 'marts'
            """
        ).fetchall()
        assert columns
        for table in sorted({table for table, _, _ in columns}):
            stripped = ", ".join(
                f"case when starts_with({name}, '{PREFIX}') then substr({name}, {len(PREFIX) + 1}) else {name} end as {name}"
                for of_table, name, kind in columns
                if of_table == table and kind == "VARCHAR"
            )
            database.execute(
                f"create table marts.{table} as select * replace ({stripped or '1 as one'}) from built.marts.{table}"
            )


def test_other_names_of_everybody_change_no_figure(tmp_path: Path, shared_example: Path) -> None:
    """The example with a prefix before every identifier; with that taken off the marts, compare.py finds no difference."""
    place = Place(tmp_path / "landing", tmp_path / "home")
    changed = 0
    for path in sorted(path for path in (shared_example / "landing").rglob("*") if path.is_file()):
        target = place.landing / path.relative_to(shared_example / "landing")
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        if is_whole(path):
            if path.suffix == ".gz":
                content = gzip.compress(renamed(gzip.decompress(content)), mtime=0)
            elif path.suffix == ".zst":
                frames = zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True)
                content = zstandard.compress(renamed(frames.read()))
            else:
                content = renamed(content)
            changed += 1
        target.write_bytes(content)
    assert changed > 300
    place.ingest()
    place.work_out("2026-04-24", *BUILD)
    without_prefix(place.home / "work" / "2026-04-24" / "warehouse.duckdb", tmp_path / "stripped.duckdb")
    compared = compare(tmp_path / "stripped.duckdb", shared_example)
    assert compared.returncode == 0, compared.stdout + compared.stderr
