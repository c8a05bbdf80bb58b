"""Following a day: what is said of it, when it is over, and what of a failure is shown. Airflow is played by a script."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from contract.settings import Settings
from operations import follow as module
from operations.airflow_server import AirflowError, log_folder
from operations.chain import CHAIN, FIRST_DAG, LAST_DAGS
from operations.follow import Day, command_output, failure, follow, reason

KEY = "2026-03-20"


class Script:
    """An Airflow in which every poll brings the next scene: states of DAG runs by DAG."""

    def __init__(self, *scenes: dict[str, str]) -> None:
        self.scenes = list(scenes)
        self.scene: dict[str, str] = {}
        self.triggered: dict[str, str] = {}
        self.stray: list[dict[str, Any]] = []

    def trigger(self, dag_id: str, partition_key: str, run_id: str) -> None:
        assert partition_key == KEY
        self.triggered[dag_id] = run_id

    def runs(self, partition_key: str, since: datetime) -> list[dict[str, Any]]:
        if self.scenes:
            self.scene = self.scenes.pop(0)
        return self.stray + [
            {"dag_id": dag_id, "dag_run_id": self.triggered.get(dag_id, "by_asset"), "state": state}
            for dag_id, state in self.scene.items()
        ]

    def tasks(self, since: datetime) -> list[dict[str, Any]]:
        at = "2026-03-21T00:00:0{}+00:00"
        return [
            {
                "dag_id": dag_id,
                "dag_run_id": self.triggered.get(dag_id, "by_asset"),
                "task_id": "t",
                "state": state,
                "try_number": 1,
                "start_date": at.format(1),
                "end_date": None if state == "running" else at.format(9),
            }
            for dag_id, state in self.scene.items()
        ]

    def report(self, task: dict[str, Any]) -> dict[str, Any]:
        return {"rows_in": 1234, "rows_out": 5} if task["dag_id"] == FIRST_DAG else {}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)


def play(script: Script, settings: Settings) -> tuple[Day, list[str]]:
    said: list[str] = []
    return follow(script, settings, KEY, said.append), said  # type: ignore[arg-type]


def test_a_day_that_goes_well_is_told_task_by_task(settings: Settings) -> None:
    ingesting = {FIRST_DAG: "running"}
    ingested = {FIRST_DAG: "success"}
    done = dict.fromkeys(CHAIN, "success")
    day, said = play(Script({}, ingesting, ingesting, ingested, done), settings)
    assert day.succeeded
    assert said[0] == f"  ▸ {FIRST_DAG}.t"
    assert f"  ✓ {FIRST_DAG + '.t':<44}    8 s        1,234 rows in           5 rows out" in said
    assert f"  ✓ {LAST_DAGS[0] + '.t':<44}    8 s " in said
    assert len(said) == 1 + len(CHAIN)  # each is said once, however often it is seen


def test_a_failed_dag_ends_the_day_once_the_others_are_done(settings: Settings) -> None:
    broken = dict.fromkeys(CHAIN[:3], "success") | {LAST_DAGS[0]: "failed", LAST_DAGS[1]: "running"}
    day, said = play(Script(broken, broken, broken | {LAST_DAGS[1]: "success"}), settings)
    assert not day.succeeded
    assert [task["dag_id"] for task in day.failed_tasks] == [LAST_DAGS[0]]
    assert f"  ✗ {LAST_DAGS[0]}.t failed after 8 s" in said
    assert any(f"✓ {LAST_DAGS[1]}.t" in line for line in said)


def test_another_run_of_the_key_is_not_this_one(settings: Settings) -> None:
    script = Script(dict.fromkeys(CHAIN, "success"))
    script.stray = [{"dag_id": FIRST_DAG, "dag_run_id": "somebody_elses", "state": "failed"}]
    day, _ = play(script, settings)
    assert day.succeeded


def test_a_chain_that_stops_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEXT_RUN_WITHIN_SECONDS", -1)
    with pytest.raises(AirflowError, match=rf"{CHAIN[1]} was not started; see .*scheduler.log"):
        play(Script({FIRST_DAG: "success"}), settings)


@pytest.mark.parametrize("last", LAST_DAGS)
def test_a_day_without_one_of_its_last_dags_is_not_over(last: str) -> None:
    day = Day(runs={dag_id: {"state": "success"} for dag_id in CHAIN if dag_id != last})
    assert not day.is_over
    assert not day.succeeded
    day.runs[last] = {"state": "running"}
    assert not day.is_over
    day.runs[last] = {"state": "success"}
    assert day.is_over
    assert day.succeeded


LOG = [
    {"logger": "task", "event": "::group::Log message source details"},
    {"logger": "airflow.x.SubprocessHook", "event": "Running command: ['/bin/bash', '-c', 'python -m exports']"},
    {"logger": "airflow.x.SubprocessHook", "event": "Output:"},
    {"logger": "airflow.x.SubprocessHook", "event": "cents are missing"},
    {"logger": "airflow.x.SubprocessHook", "event": "Command exited with return code 1"},
    {
        "logger": "task",
        "event": "Task failed with exception",
        "error_detail": [
            {"exc_type": "CommandFailed", "exc_value": "cents are missing (exit status 1)"},
            {"exc_type": "AirflowException", "exc_value": "non-zero exit code 1"},
        ],
    },
]


def test_of_a_failures_log_the_commands_own_lines_are_shown(settings: Settings) -> None:
    task = {"dag_id": "build_marts", "dag_run_id": "r", "task_id": "gate", "try_number": 2}
    folder = log_folder(settings) / "dag_id=build_marts" / "run_id=r" / "task_id=gate"
    folder.mkdir(parents=True)
    (folder / "attempt=1.log").write_text("not this one")
    (folder / "attempt=2.log").write_text("\n".join(json.dumps(line) for line in LOG))
    why, lines, log = failure(task, settings)
    assert why == "cents are missing (exit status 1)"
    assert lines == ["cents are missing", "Command exited with return code 1"]
    assert log == folder / "attempt=2.log"


def test_a_log_without_a_command_is_shown_whole(settings: Settings) -> None:
    assert command_output('{"logger": "task", "event": "no such pool"}\nplain words') == ["no such pool", "plain words"]
    why, lines, _ = failure({"dag_id": "d", "dag_run_id": "r", "task_id": "t", "try_number": 0}, settings)
    assert "the task left no log" in why
    assert lines == []


def test_a_log_without_an_error_has_no_reason() -> None:
    assert reason('{"logger": "task", "event": "no such pool"}\nplain words') == ""
