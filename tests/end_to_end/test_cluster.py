"""The Spark jobs on a standalone cluster: a master, two workers and a driver of 1 GB, each a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import deltalake
import pytest

from benchmarks._cluster import standalone
from expectations.contract import SOURCES

from .conftest import NEWEST, Place

pytestmark = pytest.mark.soak

JOBS = (
    *(("spark_jobs.ingest", "--source", source) for source in SOURCES),
    ("spark_jobs.spread_graph", "--as-of", NEWEST),
    ("spark_jobs.cohorts", "--as-of", NEWEST),
)


def lake(home: Path) -> dict[str, list[str]]:
    """The rows of every table as text, in one order."""
    tables = {path.name: deltalake.DeltaTable(path).to_pyarrow_table() for path in (home / "lake").iterdir() if path.is_dir()}
    return {name: sorted(str(sorted(row.items())) for row in rows.to_pylist()) for name, rows in tables.items()}


def test_a_cluster_gives_what_one_process_gives(make_place: Callable[[], Place], tmp_path: Path) -> None:
    alone = make_place()
    spread = replace(alone, home=tmp_path / "home")
    with standalone(2, tmp_path, "1500m") as master:
        for command in JOBS:
            cluster = {"FANOUT_SPARK_MASTER": master, "FANOUT_SPARK_MEMORY": "1g", "FANOUT_EXECUTOR_MEMORY": "1g"}
            status, said = spread.run(*command, **cluster)
            assert status == 0, said
    for command in JOBS:
        status, said = alone.run(*command)
        assert status == 0, said
    expected = lake(alone.home)
    assert len(expected) > 20
    assert sum(map(len, expected.values())) > 50
    assert lake(spread.home) == expected
