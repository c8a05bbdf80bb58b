"""What a killed run leaves in Airflow's metadata is put away before the next one starts.

The local Airflow keeps its metadata in SQLite under FANOUT_HOME. Airflow has no command or REST call for these three.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_UNFINISHED = "('queued', 'running')"
_UNFINISHED_TASKS = "('scheduled', 'queued', 'running', 'restarting', 'up_for_retry', 'up_for_reschedule')"


def end_unfinished_runs(database: Path) -> list[str]:
    """Fail the runs that were going when their Airflow ended: they would never end, and block the next run of their DAG.

    Only while no Airflow runs on this database. Returns `<dag_id> <run_id>` of each.
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


def skip_overdue_ticks(database: Path) -> None:
    """Forget what fell due by the clock while Airflow was down: the run of one day does not make up for other nights."""
    with _metadata(database) as metadata:
        if metadata is not None:
            metadata.execute("UPDATE dag SET next_dagrun_create_after = NULL")


def forget_half_met_inputs(database: Path, partition_key: str) -> None:
    """Let the consumers of a key wait for all of their inputs again.

    A consumer that had got some of its inputs when an earlier run failed would start as soon as the missing one comes,
    before the others have been brought up to date again.
    """
    pending = "SELECT id FROM asset_partition_dag_run WHERE created_dag_run_id IS NULL AND partition_key = ?"
    with _metadata(database) as metadata:
        if metadata is not None:
            metadata.execute(
                f"DELETE FROM partitioned_asset_key_log WHERE asset_partition_dag_run_id IN ({pending})", (partition_key,)
            )
            metadata.execute(f"DELETE FROM asset_partition_dag_run WHERE id IN ({pending})", (partition_key,))


@contextmanager
def _metadata(database: Path) -> Iterator[sqlite3.Connection | None]:
    """A transaction on the database; None if Airflow has not made its tables yet."""
    if not database.exists():
        yield None
        return
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        yield connection if {"dag", "dag_run", "partitioned_asset_key_log"} <= tables else None
