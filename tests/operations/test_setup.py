"""The set-up does its steps once, and again when what it is made from has changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from operations import setup


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A checkout with a lock and a session, and the commands that the set-up has run in it."""
    (tmp_path / "spark_jobs" / "engine").mkdir(parents=True)
    (tmp_path / "spark_jobs" / "engine" / "session.py").write_text('COORDINATES = ("io.delta:delta:1",)\n')
    (tmp_path / "spark_jobs" / "class_archive.py").write_text("OLD = 1\n")
    (tmp_path / "requirements.lock").write_text("uv==1 \\\n")
    monkeypatch.setattr(setup, "CHECKOUT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(setup, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(setup, "STAMP", tmp_path / ".venv" / "setup.sha256")
    monkeypatch.setattr(setup, "STORE_JARS", tmp_path / ".venv" / "jars.json")
    commands: list[list[str]] = []

    def run(command: list[str], env: dict[str, str], **_: object) -> None:
        commands.append(command)
        assert "PYTHONDONTWRITEBYTECODE" not in env
        (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        for program in ("python", "uv"):
            (tmp_path / ".venv" / "bin" / program).touch()

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return commands


def test_steps_are_done_once(steps: list[list[str]]) -> None:
    assert setup.main() == 0
    assert ["-m" in step for step in steps] == [True, True, False, True, True]
    assert "sync" in steps[2]
    assert "--compile-bytecode" in steps[2]
    assert setup.main() == 0
    assert len(steps) == 5


def test_the_jars_of_object_stores_come_once_a_setting_names_one(
    steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANOUT_LAKE", "s3://bucket/lake")
    assert setup.main() == 0
    assert steps[5][1:] == ["-m", "spark_jobs.engine.session", "--object-store"]
    setup.STORE_JARS.touch()
    assert setup.main() == 0
    assert len(steps) == 6


@pytest.mark.parametrize(
    ("file", "text", "again"),
    [
        pytest.param("requirements.lock", "uv==2 \\\n", 3, id="lock"),
        pytest.param("spark_jobs/engine/session.py", 'COORDINATES = ("io.delta:delta:2",)\n', 3, id="jars"),
        pytest.param("spark_jobs/class_archive.py", "NEW = 1\n", 3, id="class_archive"),
        pytest.param("spark_jobs/engine/session.py", 'COORDINATES = ("io.delta:delta:1",)\nOTHER = 1\n', 0, id="other_code"),
    ],
)
def test_a_change_is_installed(steps: list[list[str]], tmp_path: Path, file: str, text: str, again: int) -> None:
    setup.main()
    (tmp_path / file).write_text(text)
    before = len(steps)
    assert setup.main() == 0
    assert len(steps) - before == again


def test_a_step_that_fails_is_done_again(steps: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command)

    with monkeypatch.context() as broken:
        broken.setattr(subprocess, "run", fail)
        assert setup.main() == 1
    assert not setup.is_current()
    assert setup.main() == 0
    assert setup.is_current()
