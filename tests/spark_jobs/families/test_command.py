"""The command of the families: what it refuses, and how it tells of families that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from operations.cause import cause
from spark_jobs.engine import session
from spark_jobs.families import __main__ as command
from spark_jobs.families import runner
from spark_jobs.families.day import Result


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["families", *arguments])
    return command.main()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--as-of", "2026-04-01"), "FAMILY"),
        (("spread_grpah", "--as-of", "2026-04-01"), "invalid choice: 'spread_grpah'"),
        (("spread_graph", "lifetime_value", "--as-of", "2026-04-01"), "spread_graph, lifetime_value share no session; start"),
    ],
)
def test_families_of_no_one_session_are_refused(
    arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        call(monkeypatch, *arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_the_command_names_what_is_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "spread_graph", "--as-of", "20260401") == 2
    assert "20260401" in capsys.readouterr().err
    resolved = home / "resolved.json"
    resolved.write_text(json.dumps({"coordinates": session.COORDINATES[:1], "files": []}))
    monkeypatch.setattr(session, "_RESOLVED", resolved)
    assert call(monkeypatch, "spread_graph", "--as-of", "2026-04-01") == 2
    assert "sedona" in capsys.readouterr().err


def test_each_family_that_failed_is_named_in_the_last_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Toy:
        def __init__(self, error: Exception | None) -> None:
            self.error = error

        def run(self, _day: Any) -> Result:
            if self.error:
                raise self.error
            return Result(3, notes={"churn_model": "none"})

    errors = {"group_survival": ValueError("one"), "merchant_churn": None, "lifetime_value": KeyError("three")}
    monkeypatch.setattr(command, "spark_session", lambda *_, **__: None)
    monkeypatch.setattr(runner, "job", lambda family: Toy(errors[family]))
    assert call(monkeypatch, *errors, "--as-of", "2026-04-01") == 1
    out, err = capsys.readouterr()
    told = json.loads(out.splitlines()[-1])
    assert told["families"] == {"merchant_churn": {"rows_in": 3, "rows_out": 0, "tables": {}, "churn_model": "none"}}
    assert cause(err.splitlines()) == (
        "group_survival failed: ValueError: one; lifetime_value failed: KeyError: 'three'. "
        "Fix the cause and run again: group_survival lifetime_value --as-of 2026-04-01"
    )
    assert err.count("Traceback") == 2
    del errors["group_survival"], errors["lifetime_value"]
    assert call(monkeypatch, *errors, "--as-of", "2026-04-01") == 0
