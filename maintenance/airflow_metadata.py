"""Old runs of Airflow's own database, by Airflow's own command.

Tasks have no access to Airflow's database. The one of `make run` and `make up` is a file of FANOUT_HOME, which is cleaned from
anywhere; another one is cleaned where its address is known, such as in the container of the scheduler.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path

from contract.settings import Settings
from operations.airflow_server import airflow_home, database

_ADDRESS = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
_FORBIDDEN = "airflow-db-not-allowed"  # what Airflow gives its tasks in place of an address


class MetadataError(RuntimeError):
    """Airflow's command failed; the message is its last line."""


def clean(settings: Settings, oldest: date) -> str:
    """Remove runs, task instances, results and notes from before the oldest day; gives which database, or why none was cleaned.

    Raises:
        MetadataError: the command failed.
    """
    local = database(settings)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW__") and name != "FANOUT_RUN_ID"}
    if local.is_file():
        environ |= {"AIRFLOW_HOME": str(airflow_home(settings)), _ADDRESS: f"sqlite:///{local}?timeout=60"}
        environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    elif (address := os.environ.get(_ADDRESS, "")) and not address.startswith(_FORBIDDEN):
        environ = dict(os.environ)
    else:
        return "none: its address is not known here; run maintenance where the scheduler runs"
    before = datetime.combine(oldest, time(), UTC).isoformat()
    program = str(Path(sys.executable).with_name("airflow"))
    command = [program, "db", "clean", "--clean-before-timestamp", before, "--skip-archive", "--yes"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MetadataError(f"airflow db clean failed: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]}")
    if local.is_file():
        give_back(local)
        return "sqlite"
    return "cleaned"


def give_back(file: Path) -> None:
    """Write a SQLite database again without what was deleted, whose bytes stay in its free pages otherwise."""
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
