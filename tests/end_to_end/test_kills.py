"""Every step killed from outside at several moments: the next run ends in the same marts, and readers see a whole version."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from contract.events import SOURCES
from tests.end_to_end.conftest import NEWEST, Place
from tests.end_to_end.steps import BUILD, PUBLISH

pytestmark = pytest.mark.acceptance

STEPS = (
    *(("spark_jobs.ingest", "--source", source) for source in SOURCES),
    *((*step.split(), "--as-of", NEWEST) for step in (*BUILD, *PUBLISH)),
)


def marts(warehouse: Path) -> dict[str, list[str]]:
    """Every mart's rows as sorted text."""
    with duckdb.connect(str(warehouse), read_only=True) as database:
        names = [
            name
            for (name,) in database.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        ]
        assert len(names) > 30
        rows = {name: database.execute(f"select cast(t as varchar) from marts.{name} t").fetchall() for name in names}
    return {name: sorted(row for (row,) in found) for name, found in rows.items()}


def test_a_step_that_is_killed_is_healed_by_its_next_run(make_place: Callable[[], Place]) -> None:
    place = make_place()
    seconds = {}
    for step in STEPS:
        started = time.monotonic()
        status, out = place.run(*step)
        assert status == 0, out
        seconds[step] = time.monotonic() - started
    published = place.current()
    expected = marts(published / "fanout.duckdb")
    assert any(expected.values())

    afresh = Place(place.landing, place.home.with_name("killed"))
    kills = 0
    for step in STEPS:
        for share in () if step in STEPS[1:3] else (0.4, 0.8):  # one source's ingest stands for all
            process = afresh.start(*step)
            try:
                process.communicate(timeout=share * seconds[step])
            except subprocess.TimeoutExpired:
                kills += 1
                os.kill(process.pid, signal.SIGKILL)
                process.communicate()
            for version in (afresh.home / "published").glob("*/current"):
                assert marts(version / "fanout.duckdb") == expected
        status, out = afresh.run(*step)
        assert status == 0, out
    assert kills >= len(STEPS)
    assert marts(afresh.current() / "fanout.duckdb") == expected
