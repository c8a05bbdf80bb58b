"""What a machine lacks is named, with how to get it; a machine that lacks nothing is let through."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from contract.settings import CHECKOUT
from operations import preflight

JAVA_17 = 'openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment'


@pytest.mark.parametrize(
    ("version", "has_ensurepip", "expected"),
    [
        pytest.param((3, 11), True, [], id="right"),
        pytest.param((3, 12), True, ["Python 3.11 is needed, this is 3.12"], id="newer"),
        pytest.param((3, 11), False, ["apt install python3.11-venv"], id="no_venv"),
    ],
)
def test_python(version: tuple[int, int], has_ensurepip: bool, expected: list[str]) -> None:
    found = list(preflight.python_problems(version, has_ensurepip))
    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("java", "text", "expected"),
    [
        pytest.param("/usr/bin/java", JAVA_17, [], id="17"),
        pytest.param("/usr/bin/java", 'openjdk version "21" 2023-09-19', [], id="21"),
        pytest.param("/usr/bin/java", 'java version "1.8.0_392"', ["is 1: apt install openjdk-17"], id="8"),
        pytest.param("/usr/bin/java", 'openjdk version "11.0.2"', ["is 11: apt install openjdk-17"], id="11"),
        pytest.param("/usr/bin/java", "", ["does not run: no output"], id="broken"),
        pytest.param(None, "", ["Java 17 or newer is missing"], id="none"),
    ],
)
def test_java(java: str | None, text: str, expected: list[str]) -> None:
    found = list(preflight.java_problems(java, text))
    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


def test_memory_and_disk() -> None:
    assert list(preflight.memory_problems(8_000)) == []
    assert list(preflight.memory_problems(None)) == []
    assert "there are 500" in "".join(preflight.memory_problems(500))
    assert list(preflight.disk_problems(Path("/data"), 1_000, 1_000, "the lake")) == []
    assert "1000 MB of free disk are needed in /data for the lake" in "".join(
        preflight.disk_problems(Path("/data"), 1_000, 999, "the lake")
    )


def test_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(preflight.port_problems()) == []

    class Closed:
        def __enter__(self) -> Closed:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def bind(self, _: object) -> None:
            raise PermissionError("not here")

    monkeypatch.setattr(socket, "socket", Closed)
    assert "not here" in "".join(preflight.port_problems())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"AS_OF": "2026-03-20", "FANOUT_CURRENCY": "GBP", "MAKEFLAGS": " -- AS_OF=2026-03-20"}, [], id="right"),
        pytest.param({"MAKEFLAGS": " -- ALL=1 ARGS=-x PYTHON=python3.11"}, [], id="variables_of_the_makefile"),
        pytest.param({"FANOUT_LNDING": "/in"}, ["unknown setting FANOUT_LNDING"], id="unknown"),
        pytest.param({"MAKEFLAGS": "w -- ASOF=2026-03-20 FANOUT_HOME=/a\\ b"}, ["unknown setting ASOF"], id="unknown_to_make"),
        pytest.param({"AS_OF": "yesterday"}, ["AS_OF=yesterday is not a date"], id="no_date"),
        pytest.param({"FANOUT_TIMEZONE": "Mars"}, ["FANOUT_TIMEZONE=Mars"], id="no_zone"),
        pytest.param({"FANOUT_SCHEDULE": "often"}, ["FANOUT_SCHEDULE=often"], id="no_cron"),
    ],
)
def test_settings(environ: dict[str, str], expected: list[str]) -> None:
    found = list(preflight.setting_problems(environ))
    assert len(found) == len(expected)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


def test_make_names_every_problem_before_anything_starts(tmp_path: Path) -> None:
    """The real thing, with a Java too old and a misspelt setting."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    environ = {key: text for key, text in os.environ.items() if not key.startswith("FANOUT_")} | {"JAVA_HOME": str(tmp_path)}
    done = subprocess.run(
        ["make", "run", "FANOUT_LNDING=/in"], cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "unknown setting FANOUT_LNDING" in done.stderr
    assert "Java 17 or newer is needed" in done.stderr
    assert "set-up" not in done.stdout
