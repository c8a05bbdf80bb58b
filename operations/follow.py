"""One day through the DAGs: trigger the first one for its partition key and watch until its exports are written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contract.settings import Settings
from operations.airflow_rest import Airflow
from operations.airflow_server import AirflowError, log_folder
from operations.cause import without_secrets
from operations.chain import CHAIN, FIRST_DAG, LAST_DAGS

POLL_SECONDS = 1.0
# A DAG is started within a second or two of its input.
NEXT_RUN_WITHIN_SECONDS = 90
STILL_RUNNING_EVERY_SECONDS = 15
_LOG_LINES = 25


@dataclass
class Day:
    """How a day went: its DAG runs and tasks, as Airflow's REST API returns them, and the tasks' reports."""

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    reports: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        return set(self.runs) == set(CHAIN) and all(run["state"] == "success" for run in self.runs.values())

    @property
    def failed_tasks(self) -> list[dict[str, Any]]:
        return [task for task in self.tasks.values() if task["state"] == "failed"]

    @property
    def is_over(self) -> bool:
        """Whether nothing is running, and either the last DAGs have run or a failure stops the rest."""
        states = [run["state"] for run in self.runs.values()]
        return bool(states) and not {"queued", "running"} & {*states} and ({*LAST_DAGS} <= {*self.runs} or "failed" in states)


def follow(airflow: Airflow, settings: Settings, partition_key: str, say: Callable[[str], None]) -> Day:
    """Trigger the ingest and wait until the day is over, reporting progress with `say`.

    Raises:
        AirflowError: the chain stops although nothing has failed.
    """
    started = datetime.now(UTC)
    run_id = f"manual__{partition_key}__{started:%Y-%m-%dT%H:%M:%S}"
    airflow.trigger(FIRST_DAG, partition_key, run_id)
    day, quiet_since, said_at = Day(), time.monotonic(), time.monotonic()
    while True:
        # Ignore an ingest for the key that somebody else has started meanwhile.
        day.runs = {
            run["dag_id"]: run
            for run in reversed(airflow.runs(partition_key, started))
            if run["dag_id"] != FIRST_DAG or run["dag_run_id"] == run_id
        }
        if _update(day, airflow.tasks(started), airflow, say):
            said_at = time.monotonic()
        if day.is_over:
            return day
        if any(run["state"] in ("queued", "running") for run in day.runs.values()):
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > NEXT_RUN_WITHIN_SECONDS:
            missing = next(dag_id for dag_id in CHAIN if dag_id not in day.runs)
            raise AirflowError(f"{missing} was not started; see {log_folder(settings) / 'airflow' / 'scheduler.log'}")
        if time.monotonic() - said_at > STILL_RUNNING_EVERY_SECONDS:
            said_at = time.monotonic()
            running = [f"{name(task)} {_seconds(task):.0f} s" for task in day.tasks.values() if task["state"] == "running"]
            say(f"  … {', '.join(running) or 'waiting for the scheduler'}")
        time.sleep(POLL_SECONDS)


def name(task: dict[str, Any]) -> str:
    return f"{task['dag_id']}.{task['task_id']}"


def failure(task: dict[str, Any], settings: Settings) -> tuple[str, list[str], Path]:
    """Why a task failed, the last lines of its command's output, and its log file."""
    attempts = log_folder(settings) / f"dag_id={task['dag_id']}" / f"run_id={task['dag_run_id']}" / f"task_id={task['task_id']}"
    log = attempts / f"attempt={max(task['try_number'], 1)}.log"
    if not log.exists():
        return f"the task left no log; see {log_folder(settings) / 'airflow' / 'scheduler.log'}", [], log
    text = log.read_text(errors="replace")
    return reason(text), command_output(text)[-_LOG_LINES:], log


def reason(log: str) -> str:
    """The error that a task's log names; empty if it names none."""
    raised = [error for entry in _entries(log) for error in (entry.get("error_detail") or [])[:1]]
    return without_secrets(str(raised[-1]["exc_value"])) if raised else ""


def command_output(log: str) -> list[str]:
    """The command's own output in a task's log (JSON lines); all messages if the command never ran."""
    entries = _entries(log)
    own = [str(entry["event"]) for entry in entries if str(entry.get("logger", "")).endswith("SubprocessHook")]
    lines = [line for line in own if not line.startswith(("Tmp dir root location", "Running command:", "Output:"))]
    return lines or [str(entry.get("event", "")) for entry in entries]


def _entries(log: str) -> list[dict[str, Any]]:
    entries = []
    for line in log.splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            entries.append({"event": line})
    return entries


def _update(day: Day, tasks: list[dict[str, Any]], airflow: Airflow, say: Callable[[str], None]) -> bool:
    """Update the day's tasks and report changes with `say`; returns whether there were any."""
    changed = False
    for task in sorted(tasks, key=lambda task: task["start_date"] or "9"):
        if day.runs.get(task["dag_id"], {}).get("dag_run_id") != task["dag_run_id"]:
            continue
        key = (task["dag_id"], task["task_id"])
        before = day.tasks.get(key, {"state": None, "try_number": 0})
        day.tasks[key] = task
        if task["state"] == "success" and key not in day.reports:
            day.reports[key] = airflow.report(task)
        if (task["state"], task["try_number"]) != (before["state"], before["try_number"]):
            line = _line(task, day.reports.get(key, {}))
            changed |= line is not None
            if line:
                say(line)
    return changed


def _line(task: dict[str, Any], report: dict[str, Any]) -> str | None:
    match task["state"]:
        case "running":
            return f"  ▸ {name(task)}"
        case "success":
            rows = [f"{report[key]:>12,} rows {key[5:]}" for key in ("rows_in", "rows_out") if isinstance(report.get(key), int)]
            return f"  ✓ {name(task):<44}{_seconds(task):>5.0f} s {''.join(rows)}"
        case "up_for_retry":
            return f"  ↻ {name(task)} failed after {_seconds(task):.0f} s and is tried again"
        case "failed":
            return f"  ✗ {name(task)} failed after {_seconds(task):.0f} s"
    return None


def _seconds(task: dict[str, Any]) -> float:
    if not task["start_date"]:
        return 0.0
    end = datetime.fromisoformat(task["end_date"]) if task["end_date"] else datetime.now(UTC)
    return (end - datetime.fromisoformat(task["start_date"])).total_seconds()
