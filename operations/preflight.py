"""Checks what set-up cannot install (Python, Java, memory, disk, ports, settings), and says how to get what is missing.

    python -m operations.preflight     # exit status 2 with one line for each problem

Runs on a bare Python, before anything is installed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from contract.settings import CHECKOUT, SettingError, Settings, parse_as_of

PYTHON = (3, 11)
JAVA_AT_LEAST = 17
MEMORY_AT_LEAST_MB = 3_000
# An environment is 3 GB; a day of the sample needs little, a day of real deliveries about three times their size.
ENVIRONMENT_MB = 4_000
HOME_AT_LEAST_MB = 1_000


def python_problems(version: tuple[int, int], has_ensurepip: bool) -> Iterable[str]:
    if version != PYTHON:
        yield (
            f"Python 3.11 is needed, this is {version[0]}.{version[1]}: install it "
            "(apt install python3.11 python3.11-venv, brew install python@3.11, pyenv install 3.11)"
        )
    elif not has_ensurepip:
        yield "Python 3.11 cannot make environments (no ensurepip): apt install python3.11-venv"


def java_problems(java: str | None, version_text: str) -> Iterable[str]:
    """Problems with Java; `version_text` is what `java -version` printed, empty if it did not run."""
    found = re.search(r'version "(\d+)', version_text)
    how = "apt install openjdk-17-jre-headless, brew install openjdk@17, or set JAVA_HOME"
    if java is None:
        yield f"Java {JAVA_AT_LEAST} or newer is missing: {how}"
    elif found is None:
        yield f"{java} does not run: {version_text.strip()[:200] or 'no output'}; {how}"
    elif int(found[1]) < JAVA_AT_LEAST:
        yield f"Java {JAVA_AT_LEAST} or newer is needed, {java} is {found[1]}: {how}"


def memory_problems(available_mb: int | None) -> Iterable[str]:
    if available_mb is not None and available_mb < MEMORY_AT_LEAST_MB:
        yield f"{MEMORY_AT_LEAST_MB} MB of free memory are needed, there are {available_mb}: end other programs"


def disk_problems(folder: Path, needed_mb: int, free_mb: int, what: str) -> Iterable[str]:
    if free_mb < needed_mb:
        yield f"{needed_mb} MB of free disk are needed in {folder} for {what}, there are {free_mb}: free some, or move it"


def port_problems() -> Iterable[str]:
    """Airflow takes any free port; this finds out whether loopback can be used at all."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        yield f"no port can be opened on 127.0.0.1 ({error}): allow it, Airflow listens there"


def setting_problems(environ: Mapping[str, str]) -> Iterable[str]:
    try:
        Settings.from_environment(environ)
    except SettingError as error:
        yield str(error)
    if environ.get("AS_OF"):
        try:
            parse_as_of(environ["AS_OF"])
        except SettingError as error:
            yield str(error)
    known = {"ALL", "AS_OF", "ARGS", "PYTHON"}
    for name in make_variables(environ.get("MAKEFLAGS", "")):
        if name not in known and not name.startswith("FANOUT_"):
            yield f"unknown setting {name}; besides FANOUT_* there is AS_OF"


def make_variables(makeflags: str) -> list[str]:
    """Names of the variables given on make's command line, which make passes on in MAKEFLAGS."""
    words = shlex.split(makeflags)
    return [word.partition("=")[0] for word in words if re.match(r"[A-Za-z_]\w*=", word)]


def problems(environ: Mapping[str, str]) -> list[str]:
    """Every reason why this machine cannot run the platform with these settings; empty if there is none."""
    found = [*python_problems(sys.version_info[:2], importlib.util.find_spec("ensurepip") is not None)]
    found += setting_problems(environ)
    java, version_text = _java(environ)
    found += java_problems(java, version_text)
    found += memory_problems(_available_memory_mb())
    if not (CHECKOUT / ".venv" / "jars").exists():
        found += disk_problems(CHECKOUT, ENVIRONMENT_MB, _free_mb(CHECKOUT), "the environment")
    home = Path(environ.get("FANOUT_HOME") or CHECKOUT / "data").expanduser().absolute()
    found += disk_problems(home, HOME_AT_LEAST_MB, _free_mb(home), "lake, marts and logs")
    found += port_problems()
    return found


def _java(environ: Mapping[str, str]) -> tuple[str | None, str]:
    home = environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None, ""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        return java, str(error)
    return java, done.stderr + done.stdout


def _available_memory_mb() -> int | None:
    """Memory available without swapping, in MB; None on systems other than Linux."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else None


def _free_mb(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // (1 << 20)


def main() -> int:
    found = problems(os.environ)
    for problem in found:
        print(f"preflight: {problem}", file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
