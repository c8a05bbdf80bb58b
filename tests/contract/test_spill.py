"""What DuckDB spills goes into a folder that no other process uses."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contract.settings import Settings
from contract.spill import spill_folder
from expectations import gate
from exports.packs import export_day
from static_site import published_day
from tests.small_warehouse import AS_OF, published

# Sorts 200 MB of texts in 100 MB of memory, while the other does the same with other texts.
SORT = """
import sys
import duckdb
from contract.settings import Settings
from contract.spill import spill_folder
with spill_folder(Settings.from_environment()) as folder:
    config = {"temp_directory": str(folder), "memory_limit": "100MB", "threads": 1}
    with duckdb.connect(config=config) as con:
        con.execute("set enable_progress_bar = false")  # which a slow machine sees where code is no file
        con.execute(f"create temp table texts as select md5((range + {sys.argv[1]})::varchar) as text from range(3_000_000)")
        spilled = con.execute("select coalesce(sum(size), 0) from duckdb_temporary_files()").fetchone()[0]
        rows = con.execute("select count(*), count(distinct text) from texts").fetchone()
    print(int(spilled > 0), *rows)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"FANOUT_HOME": str(tmp_path)})


def test_two_processes_that_spill_do_not_meet(settings: Settings) -> None:
    environment = {"FANOUT_HOME": str(settings.home)}
    both = [
        subprocess.Popen([sys.executable, "-c", SORT, start], env=environment, stdout=subprocess.PIPE, text=True)
        for start in ("0", "5000000")
    ]
    assert [process.communicate()[0].split() for process in both] == [["1", "3000000", "3000000"]] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert list((settings.home / "work" / "duckdb").iterdir()) == [], "nothing stays"


def test_what_a_killed_process_left_goes_and_what_is_used_stays(settings: Settings) -> None:
    code = "import os, signal\n" + SORT.replace("    print(", "    os.kill(os.getpid(), signal.SIGKILL)\n    print(")
    environment = {"FANOUT_HOME": str(settings.home)}
    killed = subprocess.run([sys.executable, "-c", code, "0"], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    [left] = (settings.home / "work" / "duckdb").iterdir()
    with spill_folder(settings) as one, spill_folder(settings):
        assert not left.exists()
        assert one.exists()


def test_a_folder_belongs_to_one_connection(settings: Settings) -> None:
    with spill_folder(settings) as one, spill_folder(settings) as other:
        assert one != other
        assert one.parent == other.parent == settings.home / "work" / "duckdb"
        with duckdb.connect(config={"temp_directory": str(one)}) as con:
            assert con.execute("select current_setting('temp_directory')").fetchone() == (str(one),)
    assert not one.exists()


@pytest.mark.parametrize(
    "connect",
    [
        lambda settings: export_day.open_day(settings, AS_OF, None),
        lambda settings: published_day.open_day(settings, AS_OF),
        gate._connect,
    ],
    ids=["exports", "static_site", "expectations"],
)
def test_what_may_run_side_by_side_has_a_folder_of_its_own(
    settings: Settings, connect: Callable[[Settings], AbstractContextManager[Any]]
) -> None:
    published(settings)
    folders = []
    for _ in range(2):
        with connect(settings) as opened:
            con = getattr(opened, "con", opened)
            folders += con.execute("select current_setting('temp_directory')").fetchone()
    assert len({*folders}) == 2
    assert {Path(folder).parent for folder in folders} == {settings.home / "work" / "duckdb"}
