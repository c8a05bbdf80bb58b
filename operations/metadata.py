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


def skip_overdue_ticks(database: Path) -> None:
    """Forget ticks that fell due while Airflow was down: a run for one day must not catch up other nights."""
    with _metadata(database) as metadata:
        if metadata is not None:
            metadata.execute("UPDATE dag SET next_dagrun_create_after = NULL")


def forget_half_met_inputs(database: Path, partition_key: str) -> None:
    """Make the consumers of a key wait for all of their inputs again.

    If an earlier run failed after it had updated some inputs of a consumer, the consumer would start as soon as the missing
    one comes, before the others have been updated again.
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
    """A transaction on the database; None if Airflow has not created its tables yet."""
    if not database.exists():
        yield None
        return
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        yield connection if {"dag", "dag_run", "partitioned_asset_key_log"} <= tables else None
