"""What a killed run leaves in Airflow's metadata; `tests/end_to_end` has the same on the real schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from operations.metadata import end_unfinished_runs, skip_overdue


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "airflow.db"
    with sqlite3.connect(file) as metadata:
        metadata.executescript(
            """
            CREATE TABLE dag (dag_id, next_dagrun_create_after);
            CREATE TABLE dag_run (id, dag_id, run_id, state);
            CREATE TABLE task_instance (run_id, task_id, state);
            CREATE TABLE asset_partition_dag_run (id, target_dag_id, partition_key, created_dag_run_id);
            CREATE TABLE partitioned_asset_key_log (id, asset_partition_dag_run_id);
            INSERT INTO dag VALUES ('ingest', '2026-03-02 18:00');
            INSERT INTO dag_run VALUES (1, 'ingest', 'a', 'success'), (2, 'ingest', 'b', 'running'),
                (3, 'build_marts', 'c', 'queued'), (4, 'build_marts', 'd', 'failed');
            INSERT INTO task_instance VALUES ('a', 'ingest', 'success'), ('b', 'ingest', 'running'), ('b', 'gate', NULL),
                ('c', 'ingest', 'scheduled'), ('d', 'ingest', 'failed'), ('e', 'gate', 'up_for_reschedule');
            INSERT INTO asset_partition_dag_run VALUES (1, 'build_models', '2026-03-01', 7),
                (2, 'build_models', '2026-03-01', NULL),
                (3, 'build_models', '2026-03-02', NULL);
            INSERT INTO partitioned_asset_key_log VALUES (1, 1), (2, 2), (3, 2), (4, 3);
            """
        )
    metadata.close()
    return file


def rows(database: Path, query: str) -> list[Any]:
    with sqlite3.connect(database) as metadata:
        found = [row[0] if len(row) == 1 else row for row in metadata.execute(query)]
    metadata.close()
    return found


def test_unfinished_runs_are_ended_and_named(database: Path) -> None:
    assert end_unfinished_runs(database) == ["ingest b", "build_marts c"]
    assert rows(database, "SELECT state FROM dag_run ORDER BY id") == ["success", "failed", "failed", "failed"]
    assert rows(database, "SELECT state FROM task_instance") == ["success", "failed", None, "failed", "failed", "failed"]
    assert end_unfinished_runs(database) == []


def test_what_fell_due_meanwhile_is_skipped(database: Path) -> None:
    skip_overdue(database)
    assert rows(database, "SELECT next_dagrun_create_after FROM dag") == [None]
    assert rows(database, "SELECT id FROM asset_partition_dag_run") == [1], "that run was started"
    assert rows(database, "SELECT id FROM partitioned_asset_key_log") == [1]


def test_a_home_without_a_database_and_one_without_tables_are_left_alone(tmp_path: Path) -> None:
    none, empty = tmp_path / "none.db", tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    for file in (none, empty):
        assert end_unfinished_runs(file) == []
        skip_overdue(file)
    assert not none.exists()
