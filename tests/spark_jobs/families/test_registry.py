"""The registry of model families against the packages that there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from contract.settings import CHECKOUT
from contract.tables import TABLES, family_tables
from spark_jobs.families import FAMILIES, SESSIONS, command

NAMES = {family.name for family in FAMILIES}


def families_in(folder: Path) -> set[str]:
    """The packages of Spark jobs that look like families: a `job.py` that gets a `LakeDay`."""
    return {file.parent.name for file in folder.glob("*/job.py") if "LakeDay" in file.read_text()}


def test_every_family_is_in_the_registry_once() -> None:
    assert len(FAMILIES) == len(NAMES) > 3
    assert families_in(CHECKOUT / "spark_jobs") == NAMES


def test_a_family_that_was_forgotten_is_seen(tmp_path: Path) -> None:
    for name, text in (("toy", "def run(day: LakeDay) -> Result: ..."), ("ingest", "def ingest(): ...")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.py").write_text(text)
    assert families_in(tmp_path) == {"toy"}


def test_every_table_is_written_by_one_family() -> None:
    assert {table.family for table in TABLES.values() if table.family} == NAMES
    assert sum(len(family_tables(name)) for name in NAMES) > 20


def test_sessions_share_out_the_families() -> None:
    assert sorted(family for families in SESSIONS.values() for family in families) == sorted(NAMES)
    assert command("spread_graph") == "spark_jobs.families spread_graph"


def test_the_registry_imports_no_spark() -> None:
    """DAG files and the chain read it, in processes that start often."""
    code = "import sys, spark_jobs.families; print('pyspark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
