"""`python -m dashboards` and `python -m operations.superset` without a Superset: what they say, and what they do not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from contract.settings import Settings
from dashboards.__main__ import main
from dashboards.server import password_file
from operations import superset, superset_server

PASSWORD = "hunter2-hunter2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path))
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["dashboards", *arguments])
    return main()


def test_the_bundle_is_written_as_files(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "write", "--out", str(tmp_path / "bundle")) == 0
    written = [path for path in (tmp_path / "bundle").rglob("*") if path.is_file()]
    assert len(written) > 100
    assert json.loads(capsys.readouterr().out) == {"step": "dashboards", "files": len(written)}


def test_a_refresh_without_a_superset_is_no_failure(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "refresh", "--as-of", "2026-03-20") == 0
    assert json.loads(capsys.readouterr().out) == {"step": "dashboards", "superset": "FANOUT_SUPERSET_URL is not set"}


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "said"),
    [
        (["import"], {}, 2, "FANOUT_SUPERSET_URL is not set; name the address"),
        (["import"], {"URL": "http://127.0.0.1:1"}, 2, "FANOUT_SUPERSET_PASSWORD is not set; it is the password of"),
        (["refresh", "--as-of", "today"], {"URL": "http://127.0.0.1:1"}, 2, "AS_OF=today is not a date"),
        (
            ["import"],
            {"URL": "http://127.0.0.1:1", "PASSWORD": PASSWORD},
            1,
            "Superset at http://127.0.0.1:1 cannot be reached",
        ),
    ],
)
def test_what_is_missing_is_named_and_no_password_is_shown(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    environment: dict[str, str],
    status: int,
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"FANOUT_SUPERSET_{name}", value)
    assert run(monkeypatch, *arguments) == status
    shown = capsys.readouterr()
    assert said in shown.err
    assert PASSWORD not in shown.err + shown.out


def test_the_password_is_the_one_of_the_environment_or_is_generated_once(tmp_path: Path) -> None:
    home = {"FANOUT_HOME": str(tmp_path)}
    assert superset_server.password(Settings.from_environment(home | {"FANOUT_SUPERSET_PASSWORD": PASSWORD})) == PASSWORD
    settings = Settings.from_environment(home)
    assert not password_file(settings).exists()
    generated = superset_server.password(settings)
    assert len(generated) >= 16
    assert superset_server.password(settings) == generated
    assert password_file(settings).stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in repr(Settings.from_environment(home | {"FANOUT_SUPERSET_PASSWORD": PASSWORD}))


def test_superset_is_not_started_before_something_is_published(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert superset.main() == 2
    assert f"refused: nothing is published in {home}/published yet; run: make run" in capsys.readouterr().err
    assert list(home.iterdir()) == []
