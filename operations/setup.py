"""Installs the environment in `.venv`: packages of requirements.lock, the JARs for Spark, an archive of their classes.

Does nothing if nothing has changed.

    python3.11 -m operations.setup

Runs on a bare Python.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time

from contract.settings import CHECKOUT, Settings

VENV = CHECKOUT / ".venv"
LOCK = CHECKOUT / "requirements.lock"
STAMP = VENV / "setup.sha256"
STORE_JARS = VENV / "jars" / "object_store" / "resolved.json"
_STEPS = 6  # the last one only for an object store
_OF_STORE = "the JARs for an object store, 640 MB"


def fingerprint() -> str:
    """A hash of everything that the environment is made from."""
    session = (CHECKOUT / "spark_jobs" / "engine" / "session.py").read_text()
    coordinates = re.findall(r"^(?:STORE_)?COORDINATES = .*$", session, re.MULTILINE)
    assert coordinates, "spark_jobs/engine/session.py names the JARs in COORDINATES"
    archive = (CHECKOUT / "spark_jobs" / "class_archive.py").read_bytes()
    return hashlib.sha256(LOCK.read_bytes() + "".join(coordinates).encode() + archive).hexdigest()


def is_current() -> bool:
    return STAMP.exists() and STAMP.read_text() == fingerprint() and (VENV / "bin" / "python").exists()


def install() -> None:
    """Create or update the environment, step by step.

    Raises:
        subprocess.CalledProcessError: a step failed; it has printed why.
    """
    python = str(VENV / "bin" / "python")
    STAMP.unlink(missing_ok=True)
    if not (VENV / "bin" / "uv").exists():
        _step(1, "an environment of Python 3.11", [sys.executable, "-m", "venv", str(VENV)])
        _step(
            2, "uv, which installs the rest", [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
        )
    # Byte-compiled, since imports are three times faster and every task is a new process.
    sync = [str(VENV / "bin" / "uv"), "pip", "sync", "--python", python, "--compile-bytecode", str(LOCK)]
    _step(3, f"{LOCK.read_text().count('==')} packages of {LOCK.name}", sync)
    _step(4, "the JARs of Delta Lake and GraphFrames", [python, "-m", "spark_jobs.engine.session"])
    _step(5, "an archive of the classes that jobs load", [python, "-m", "spark_jobs.class_archive"])
    STORE_JARS.unlink(missing_ok=True)  # those of an object store may be others now
    STAMP.write_text(fingerprint())


def _step(number: int, what: str, command: list[str]) -> None:
    print(f"set-up {number}/{_STEPS}: {what}", flush=True)
    environ = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.monotonic()
    subprocess.run(command, check=True, cwd=CHECKOUT, env=environ)
    print(f"set-up {number}/{_STEPS}: done in {time.monotonic() - started:.0f} s", flush=True)


def main() -> int:
    try:
        if not is_current():
            install()
        if Settings.from_environment().uses_object_store and not STORE_JARS.exists():
            _step(6, _OF_STORE, [str(VENV / "bin" / "python"), "-m", "spark_jobs.engine.session", "--object-store"])
    except subprocess.CalledProcessError as error:
        print(f"set-up failed: {' '.join(map(str, error.cmd))} ended with {error.returncode}; see above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
