"""The example landing in pieces, in any order, each load killed on the way, ends in the same lake."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from contract.events import SOURCES
from tests.end_to_end.conftest import Place

pytestmark = pytest.mark.acceptance


def lake_rows(place: Place) -> dict[str, list[str]]:
    """Every row of the event tables as sorted text, but for when a file was written."""
    found = {}
    for source in SOURCES:
        lines = DeltaTable(str(place.home / "lake" / f"{source}_events")).to_pyarrow_table()  # noqa: F841
        rows = duckdb.sql("select cast(t as varchar) as row from (select * exclude (modified_at) from lines) t order by row")
        found[source] = pa.table(rows.to_arrow_table())["row"].to_pylist()
        assert found[source]
    return found


def test_pieces_in_any_order_killed_on_the_way_end_in_the_same_lake(
    example_lake: Place, tmp_path: Path, shared_example: Path
) -> None:
    """The example in pieces, old time stamps and all, each load killed from outside a moment later than the one before."""
    chance = random.Random(7)
    place = Place(tmp_path / "landing", tmp_path / "home")
    files = sorted(path for path in (shared_example / "landing").rglob("*.jsonl*") if path.is_file())
    assert files
    chance.shuffle(files)
    pieces = [files[number::4] for number in range(4)]
    kills = 0
    for number, piece in enumerate(pieces):
        for file in piece:
            target = place.landing / file.relative_to(shared_example / "landing")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            os.utime(target, (10**9 - number, 10**9 - number))  # 2001
        for source in SOURCES:
            process = place.start("spark_jobs.ingest", "--source", source)
            try:
                process.communicate(timeout=4 + 2 * number + 3 * SOURCES.index(source) + chance.random())
            except subprocess.TimeoutExpired:
                kills += 1
                os.kill(process.pid, signal.SIGKILL)
                process.communicate()
        if number == 1:
            place.ingest()  # what came later is killed on top of a finished load, as well
    assert kills
    place.ingest()
    assert lake_rows(place) == lake_rows(example_lake)
