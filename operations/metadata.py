"""Removes what a killed run left in Airflow's metadata, before the next run starts.

The local Airflow keeps its metadata in SQLite under FANOUT_HOME. Airflow has no command or REST call for these steps.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_UNFINISHED = "('queued', 'running')"
_UNFINISHED_TASKS = "('scheduled', 'queued', 'running', 'restarting', 'up_for_retry', 'up_for_reschedule')"


def end_unfinished_runs(database: Path) -> list[str]:
    """Mark runs as failed that were running when their Airflow ended; they would never end, and block the next run of the DAG.

    Call it only while no Airflow uses the database.

    Returns:
        `<dag_id> <run_id>` of each.
    """
    with _metadata(database) as metadata:
        if metadata is None:
            return []
        ended = metadata.execute(
            f"SELECT dag_id || ' ' || run_id FROM dag_run WHERE state IN {_UNFINISHED} ORDER BY id"
        ).fetchall()
        metadata.execute(f"UPDATE task_instance SET state = 'failed' WHERE state IN {_UNFINISHED_TASKS}")
        metadata.execute(f"UPDATE dag_run SET state = 'failed' WHERE state IN {_UNFINISHED}")
        return [row[0] for row in ended]


def skip_overdue(database: Path) -> None:
    """Forget runs that fell due while Airflow was down, by the clock or since their input came: one day was asked for."""
    pending = "SELECT id FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL"
    with _metadata(database) as metadata:
        if metadata is not None:
            metadata.execute("UPDATE dag SET next_dagrun_create_after = NULL")
            metadata.execute(f"DELETE FROM partitioned_asset_key_log WHERE asset_partition_dag_run_id IN ({pending})")
            metadata.execute(f"DELETE FROM asset_partition_dag_run WHERE id IN ({pending})")


@contextmanager
def _metadata(database: Path) -> Iterator[sqlite3.Connection | None]:
    """A transaction on the database; None if Airflow has not created its tables yet."""
    if not database.exists():
        yield None
        return
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        yield connection if {"dag", "dag_run", "partitioned_asset_key_log"} <= tables else None
