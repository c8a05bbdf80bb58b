"""Starts and stops a local Superset with the dashboards, on loopback, under FANOUT_HOME/superset.

It has an environment of its own, `.venv-superset`: its packages contradict those of the platform.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from contract.settings import CHECKOUT, Settings
from dashboards.server import password_file
from operations.airflow_server import MARKER, end, processes, write_private

VENV = CHECKOUT / ".venv-superset"
SOURCE = CHECKOUT / "docker" / "superset"
LOCK = SOURCE / "requirements.lock"
STAMP = VENV / "setup.sha256"
HEALTHY_WITHIN_SECONDS = 120
POLL_SECONDS = 0.3
USER = "admin"
# Settings of Superset's processes that a person may have set for another Superset.
_OWN = ("SUPERSET_", "FANOUT_", "FLASK_")


class SupersetError(RuntimeError):
    """Superset cannot be installed or does not start; the message says where its logs are."""


@dataclass(frozen=True)
class Server:
    """A running Superset."""

    marker: str
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_running(self) -> bool:
        return any(True for _ in processes(self.marker))


def superset_home(settings: Settings) -> Path:
    return settings.home / "superset"


def log_folder(settings: Settings) -> Path:
    return settings.home / "logs" / "superset"


def install() -> None:
    """Create or update the environment; nothing is done when nothing changed.

    Raises:
        SupersetError: a package cannot be installed; uv has printed why.
    """
    fingerprint = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == fingerprint:
        return
    uv, python = Path(sys.executable).with_name("uv"), VENV / "bin" / "python"
    print(f"Superset: {LOCK.read_text().count('==')} packages of {LOCK.relative_to(CHECKOUT)}", flush=True)
    STAMP.unlink(missing_ok=True)
    commands = [
        [str(uv), "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(VENV)],
        [str(uv), "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(python), str(LOCK)],
    ]
    for command in commands:
        if subprocess.run(command, cwd=CHECKOUT, check=False).returncode != 0:
            raise SupersetError(f"Superset's environment could not be made: {' '.join(command)} failed; see above")
    STAMP.write_text(fingerprint)


def password(settings: Settings) -> str:
    """The password of `admin`: FANOUT_SUPERSET_PASSWORD, or one that was generated once and only its owner reads."""
    return settings.superset_password or _kept(password_file(settings), 12)


def find(settings: Settings) -> Server | None:
    """The Superset that was started for this home and still runs; None if there is none."""
    try:
        server = Server(**json.loads(_state_file(settings).read_text()))
    except FileNotFoundError:
        return None
    return server if server.is_running() else None


def start(settings: Settings, port: int) -> Server:
    """Start a Superset for this home and wait until it answers.

    Raises:
        SupersetError: its metadata cannot be made, it ended or did not answer in time; everything started is stopped again.
    """
    superset_home(settings).mkdir(parents=True, exist_ok=True)
    superset_home(settings).chmod(0o700)  # the metadata hold the logins
    log_folder(settings).mkdir(parents=True, exist_ok=True)
    server = Server(secrets.token_hex(8), port)
    environ = _environment(settings, server)
    write_private(_state_file(settings), json.dumps(asdict(server)))
    try:
        admin = {"SUPERSET_ADMIN_PASSWORD": password(settings)}
        initialise = _launch(settings, "initialise", ["python", str(SOURCE / "initialise.py")], environ | admin)
        if initialise.wait() != 0:
            raise SupersetError(f"Superset's metadata could not be made; see {_log(settings, 'initialise')}")
        gunicorn = ["gunicorn", "--config", str(SOURCE / "gunicorn.conf.py"), "--bind", f"127.0.0.1:{port}"]
        process = _launch(settings, "server", [*gunicorn, "superset.app:create_app()"], environ)
        _wait_until_healthy(settings, server, process)
    except BaseException:
        stop(settings, server)
        raise
    return server


def stop(settings: Settings, server: Server) -> None:
    end(server.marker)
    _state_file(settings).unlink(missing_ok=True)


def _environment(settings: Settings, server: Server) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(_OWN) and name != "PYTHONPATH"}
    return inherited | {
        MARKER: server.marker,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "SUPERSET_CONFIG_PATH": str(SOURCE / "superset_config.py"),
        "SUPERSET_HOME": str(superset_home(settings)),
        "SUPERSET_SECRET_KEY": _kept(superset_home(settings) / "secret_key", 48),
    }


def _kept(file: Path, characters: int) -> str:
    """A secret that is generated once for a home."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, secrets.token_urlsafe(characters))
    return file.read_text()


def _launch(settings: Settings, part: str, command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    executable = shutil.which(command[0], path=environ["PATH"])
    assert executable is not None, f"{command[0]} is in {LOCK}"
    with _log(settings, part).open("ab") as out:
        return subprocess.Popen(
            [executable, *command[1:]],
            env=environ,
            cwd=superset_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_healthy(settings: Settings, server: Server, process: subprocess.Popen[bytes]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), direct.open(f"{server.base_url}/health", timeout=10):
            return
        if process.poll() is not None:
            raise SupersetError(f"Superset ended at its start; see {_log(settings, 'server')}")
        time.sleep(POLL_SECONDS)
    raise SupersetError(f"Superset did not answer after {HEALTHY_WITHIN_SECONDS} s; see {_log(settings, 'server')}")


def _log(settings: Settings, part: str) -> Path:
    return log_folder(settings) / f"{part}.log"


def _state_file(settings: Settings) -> Path:
    return superset_home(settings) / "running.json"
