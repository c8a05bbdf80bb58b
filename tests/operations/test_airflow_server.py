"""Starting and stopping: what belongs to an Airflow is found and ended, whatever its parent is by now; nothing else is."""

from __future__ import annotations

import json
import os
import secrets
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import psutil
import pytest

from contract.settings import Settings
from operations import airflow_server
from operations.airflow_server import MARKER, AirflowError, Server
from operations.chain import CHAIN

SINCE = datetime(2026, 3, 20, tzinfo=UTC)
MINE = secrets.token_hex(8)
# A process that starts another in a session of its own, as Airflow's tasks are, says its id, and ends.
ORPHAN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal, time; {ignore}; print(1, flush=True); time.sleep(600)"],
    start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
child.stdout.readline()
print(child.pid)
"""


def server(marker: str, mode: str = "run") -> Server:
    return Server(marker, 1, 2, mode, {})


@pytest.fixture
def orphan(request: pytest.FixtureRequest) -> Iterator[psutil.Process]:
    """A process with the marker MINE that has lost its parent."""
    code = ORPHAN.format(ignore=getattr(request, "param", "pass"))
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {MARKER: MINE}, capture_output=True, text=True, check=True
    )
    process = psutil.Process(int(done.stdout))
    yield process
    if process.is_running():
        process.kill()


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    "orphan", ["pass", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"], ids=["obedient", "deaf"], indirect=True
)
def test_stop_ends_a_task_that_lost_its_parent(
    orphan: psutil.Process, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow_server, "STOP_WITHIN_SECONDS", 1)
    assert [process.pid for process in airflow_server.processes(MINE)] == [orphan.pid]
    airflow_server.stop(settings, server(MINE))
    assert not is_alive(orphan)


def test_stop_leaves_the_processes_of_others(orphan: psutil.Process, settings: Settings) -> None:
    airflow_server.stop(settings, server("another"))
    assert is_alive(orphan)


def test_an_airflow_whose_processes_are_gone_is_not_found(settings: Settings, orphan: psutil.Process) -> None:
    assert airflow_server.find(settings) is None
    state = settings.home / "airflow" / "running.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps(asdict(server("gone", "up"))))
    assert airflow_server.find(settings) is None
    state.write_text(json.dumps(asdict(server(MINE, "up"))))
    assert airflow_server.find(settings) == server(MINE, "up")


def test_airflow_listens_on_loopback_and_tasks_see_whole_paths(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANOUT_HOME", "somewhere/relative")
    monkeypatch.setenv("FANOUT_RUN_ID", "left/over")
    monkeypatch.setenv("MAKEFLAGS", " -- FANOUT_HOME=x")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    started = Server("m", 81, 82, "run", airflow_server.fanout_settings(settings))
    environ = airflow_server.environment(settings, started)
    assert environ["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:82/execution/"
    assert environ["FANOUT_HOME"] == str(settings.home)
    assert environ["FANOUT_LANDING"] == str(settings.landing)
    assert environ["FANOUT_SCHEDULE"] == "off"
    assert not {"FANOUT_RUN_ID", "MAKEFLAGS", "PYTHONDONTWRITEBYTECODE"} & set(environ)
    assert "127.0.0.1" in environ["no_proxy"].split(",")


def test_the_schedule_is_on_for_an_airflow_that_stays(settings: Settings) -> None:
    started = Server("m", 81, 82, "up", airflow_server.fanout_settings(settings))
    assert "FANOUT_SCHEDULE" not in airflow_server.environment(settings, started)


def test_the_password_is_made_once_and_for_its_owner_only(settings: Settings) -> None:
    home = airflow_server.airflow_home(settings)
    home.mkdir(parents=True)
    first = airflow_server.password(settings)
    assert len(first) >= 16
    assert airflow_server.password(settings) == first
    [file] = home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_port_that_is_taken_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert airflow_server.free_port(port) != port
    assert airflow_server.free_port(port) == port


class Parsing:
    """An Airflow that has read these DAGs, and could not load those files."""

    def __init__(self, *polls: set[str], errors: dict[str, str] | None = None) -> None:
        self.polls = list(polls)
        self.errors = errors or {}

    def parsed_dags(self, since: datetime) -> set[str]:
        assert since == SINCE
        return self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]

    def import_errors(self) -> dict[str, str]:
        return self.errors


@pytest.mark.parametrize(("mode", "is_watched"), [("up", True), ("run", False)])
def test_an_airflow_that_stays_is_watched(
    mode: str, is_watched: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make run` says itself what does not start."""
    launched: dict[str, list[str]] = {}
    monkeypatch.setattr(airflow_server, "_migrate", lambda *_: None)
    monkeypatch.setattr(airflow_server, "_launch", lambda _, part, command, __: launched.update({part: command}))
    monkeypatch.setattr(airflow_server, "_wait_until_healthy", lambda *_: None)
    monkeypatch.setattr(airflow_server, "wait_until_parsed", lambda *_: None)
    airflow_server.start(settings, mode)
    assert {"scheduler", "dag-processor"} < launched.keys()
    assert (launched.get("watch", [])[1:] == ["-m", "operations.waiting", "--watch"]) == is_watched


def test_dags_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_server, "POLL_SECONDS", 0.0)
    parsing = Parsing(set(), set(CHAIN[:3]), set(CHAIN))
    airflow_server.wait_until_parsed(parsing, SINCE)  # type: ignore[arg-type]
    assert len(parsing.polls) == 1


def test_a_dag_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Parsing(set(CHAIN[:3]), errors={"build_marts.py": "SyntaxError"})
    with pytest.raises(AirflowError, match=r"build_marts.py does not load:\nSyntaxError"):
        airflow_server.wait_until_parsed(broken, SINCE)  # type: ignore[arg-type]
    monkeypatch.setattr(airflow_server, "PARSED_WITHIN_SECONDS", -1)
    with pytest.raises(AirflowError, match=f"did not read the DAGs {', '.join(sorted(CHAIN[3:]))}"):
        airflow_server.wait_until_parsed(Parsing(set(CHAIN[:3])), SINCE)  # type: ignore[arg-type]
