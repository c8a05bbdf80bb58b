"""Starts and stops a local Airflow: API servers, scheduler and DAG processor on loopback, under FANOUT_HOME.

The parts are started one by one rather than by `airflow standalone`, which cannot be told to leave out the log servers, which
listen on all interfaces, or the triggerer, which no task here needs.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import psutil

from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS, SECRET_FILES, SETTINGS, SettingError, Settings
from operations.airflow_rest import Airflow
from operations.chain import CHAIN

# Every process descended from an Airflow started here has this in its environment, tasks and their JVMs included.
MARKER = "AIRFLOW_STARTED_AS"
API_SERVER, TASK_API_SERVER, SCHEDULER, DAG_PROCESSOR = "api-server", "task-api-server", "scheduler", "dag-processor"
WATCH = "watch"
HEALTHY_WITHIN_SECONDS = 180
PARSED_WITHIN_SECONDS = 120
STOP_WITHIN_SECONDS = 10
POLL_SECONDS = 0.3
USER = "admin"


class AirflowError(RuntimeError):
    """Airflow does not start or does not answer; the message says where its logs are."""


@dataclass(frozen=True)
class Server:
    """A running Airflow: where it listens, the marker of its processes, and the settings it was started with."""

    marker: str
    port: int  # of the pages and the REST API
    task_port: int  # of the API to which tasks report
    mode: str
    settings: dict[str, str]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        return any(True for _ in processes(self.marker))


def airflow_home(settings: Settings) -> Path:
    return settings.home / "airflow"


def database(settings: Settings) -> Path:
    return airflow_home(settings) / "airflow.db"


def log_folder(settings: Settings) -> Path:
    return settings.home / "logs"


def password(settings: Settings) -> str:
    """The password of `admin`, generated once for a home and readable only by its owner."""
    file = airflow_home(settings) / "simple_auth_manager_passwords.json.generated"
    if not file.exists():
        write_private(file, json.dumps({USER: secrets.token_urlsafe(12)}))
    return str(json.loads(file.read_text())[USER])


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Lock a home for one process at a time; the kernel releases the lock when the process dies.

    Raises:
        SettingError: another process holds it.
    """
    home = airflow_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            taken = f"another run works in FANOUT_HOME={settings.home}; wait for it, or choose another home"
            raise SettingError(taken) from None
        yield


def find(settings: Settings) -> Server | None:
    """The Airflow that was started for this home and still runs; None if there is none."""
    try:
        server = Server(**json.loads(_state_file(settings).read_text()))
    except FileNotFoundError:
        return None
    return server if server.is_running() else None


def start(settings: Settings, mode: str, port: int | None = None) -> Server:
    """Start an Airflow for this home and wait until it is healthy and has read the DAGs.

    Args:
        mode: `run`, for one day with the schedule off, or `up`, which stays and keeps the schedule.
        port: of the pages and the REST API; a free one by default.

    Raises:
        AirflowError: it ended, was not healthy in time, or a DAG does not load; everything started is stopped again.
    """
    home = airflow_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    log_folder(settings).mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    server = Server(secrets.token_hex(8), port or free_port(), free_port(), mode, fanout_settings(settings))
    environ = environment(settings, server)
    password(settings)
    write_private(_state_file(settings), json.dumps(asdict(server)))
    try:
        _migrate(settings, environ)
        # Two API servers, one for people and their tools, one for the tasks. In one process they block each other until
        # SQLite gives up: the audit log of a person's request waits, in the event loop, for a task's transaction, which
        # needs that loop to end.
        commands = {
            API_SERVER: ["airflow", "api-server", "--apps", "core"],
            TASK_API_SERVER: ["airflow", "api-server", "--apps", "execution", "--port", str(server.task_port)],
            SCHEDULER: ["airflow", "scheduler", "--skip-serve-logs"],
            DAG_PROCESSOR: ["airflow", "dag-processor"],
        }
        if mode == "up":
            commands[WATCH] = [sys.executable, "-m", "operations.waiting", "--watch"]
        parts = {part: _launch(settings, part, command, environ) for part, command in commands.items()}
        _wait_until_healthy(settings, server, parts)
        wait_until_parsed(client(settings, server), now)
    except BaseException:
        stop(settings, server)
        raise
    return server


def stop(settings: Settings, server: Server) -> None:
    """End every process of this Airflow, its tasks included."""
    end(server.marker)
    _state_file(settings).unlink(missing_ok=True)


def end(marker: str) -> None:
    """End every process with this marker: terminate first, then kill."""
    deadline = time.monotonic() + STOP_WITHIN_SECONDS
    for process in processes(marker):
        with suppress(psutil.Error):
            process.terminate()
    while remaining := list(processes(marker)):
        psutil.wait_procs(remaining, timeout=0.5)
        if time.monotonic() > deadline:
            for process in remaining:
                with suppress(psutil.Error):
                    process.kill()


def processes(marker: str) -> Iterator[psutil.Process]:
    """The processes descended from the server with this marker, whatever their parent is now."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARKER) == marker and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def client(settings: Settings, server: Server) -> Airflow:
    return Airflow(server.base_url, USER, password(settings))


def fanout_settings(settings: Settings) -> dict[str, str]:
    """The settings that the tasks see, with absolute paths; servers with equal settings are interchangeable."""
    given = {name: os.environ[name] for name in (*SETTINGS, *SECRET_FILES.values()) if os.environ.get(name)}
    given.pop("FANOUT_RUN_ID", None)
    return given | {"FANOUT_HOME": str(settings.home), "FANOUT_LANDING": str(settings.landing), "FANOUT_LAKE": settings.lake}


def environment(settings: Settings, server: Server) -> dict[str, str]:
    """The environment of Airflow's processes and of the tasks."""
    home = airflow_home(settings)
    inherited = {
        name: text
        for name, text in os.environ.items()
        # make's variables would affect a make that a task calls; without byte-code every task starts seconds later.
        if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONDONTWRITEBYTECODE") and not name.startswith("FANOUT_")
    }
    no_proxy = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    given = {
        MARKER: server.marker,
        "SPT_NOENV": "1",  # Airflow's processes rename themselves; without this they would overwrite what `processes` reads
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(CHECKOUT),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": server.base_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(server.port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{server.task_port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "operations" / "airflow_plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database(settings)}?timeout=20",  # wait longer on a busy machine
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(log_folder(settings)),
    }
    schedule = {} if server.mode == "up" else {"FANOUT_SCHEDULE": "off"}
    return inherited | server.settings | schedule | given


def run_within(settings: Settings, server: Server, command: list[str]) -> NoReturn:
    """Become a command that works in this Airflow, as its own commands do.

    It does not carry the server's marker, so that `make down` does not end what a person starts.
    """
    environ = environment(settings, server)
    environ.pop(MARKER)
    os.execve(command[0], command, environ)


def free_port(preferred: int = 0) -> int:
    """`preferred` if it is free, else a port that the system picks."""
    for port in (preferred, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise AirflowError("no port can be opened on 127.0.0.1")


def _migrate(settings: Settings, environ: dict[str, str]) -> None:
    """Create or upgrade the metadata database, once for each version of Airflow."""
    stamp = airflow_home(settings) / "migrated"
    if stamp.exists() and stamp.read_text() == version("apache-airflow"):
        return
    if _launch(settings, "migrate", ["airflow", "db", "migrate"], environ).wait() != 0:
        raise AirflowError(f"Airflow's database could not be made; see {_log(settings, 'migrate')}")
    stamp.write_text(version("apache-airflow"))


def _launch(settings: Settings, part: str, command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    log = _log(settings, part)
    log.parent.mkdir(parents=True, exist_ok=True)
    executable = shutil.which(command[0], path=environ["PATH"])
    assert executable is not None
    with log.open("ab") as out:
        # In a session of its own, so that Ctrl-C reaches only this process, which then ends the others in order.
        return subprocess.Popen(
            [executable, *command[1:]],
            env=environ,
            cwd=airflow_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_healthy(settings: Settings, server: Server, parts: dict[str, subprocess.Popen[bytes]]) -> None:
    airflow = client(settings, server)
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.task_port), timeout=5):
            if airflow.is_healthy():
                airflow.set_pool(LAKE_WRITERS, slots=LAKE_WRITERS_SLOTS)
                return
        if ended := [part for part, process in parts.items() if process.poll() is not None]:
            raise AirflowError(f"Airflow's {ended[0]} ended at its start; see {_log(settings, ended[0])}")
        time.sleep(POLL_SECONDS)
    raise AirflowError(f"Airflow was not healthy after {HEALTHY_WITHIN_SECONDS} s; see {_log(settings, API_SERVER).parent}")


def wait_until_parsed(airflow: Airflow, since: datetime) -> None:
    """Wait until Airflow has parsed the DAGs after `since`; it may know them from an earlier day.

    Raises:
        AirflowError: one does not load, or they were not parsed in time.
    """
    deadline = time.monotonic() + PARSED_WITHIN_SECONDS
    while missing := set(CHAIN) - airflow.parsed_dags(since):
        if errors := airflow.import_errors():
            raise AirflowError("\n".join(f"{file} does not load:\n{reason}" for file, reason in sorted(errors.items())))
        if time.monotonic() > deadline:
            raise AirflowError(f"Airflow did not read the DAGs {', '.join(sorted(missing))}")
        time.sleep(POLL_SECONDS)


def _log(settings: Settings, part: str) -> Path:
    return log_folder(settings) / "airflow" / f"{part}.log"


def _state_file(settings: Settings) -> Path:
    return airflow_home(settings) / "running.json"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read: passwords, and settings, of which some are secrets."""
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


def forward_signals() -> None:
    """Make SIGTERM and SIGHUP end this process as Ctrl-C does, so that what it started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
