"""What is checked with everything installed, before anything starts: one clock for all, and files that can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from contract import tips
from contract.settings import SettingError, Settings
from operations import readiness, run, up

LAST = date(2027, 12, 31)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Havana", "Atlantic/Azores", "Europe/London", "UTC"])
def test_a_zone_that_all_read_alike_is_let_through(settings: Settings, zone: str) -> None:
    assert readiness.problems(replace(settings, timezone=zone), LAST) == []


def test_a_zone_with_other_rules_in_one_database_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyarrow whose London has summer time for a day longer in 2026."""
    summer = datetime(2026, 10, 25, 1, tzinfo=UTC)

    def older(timezone: str, instants: pa.Array) -> list[date]:
        late = [instant + timedelta(hours=summer <= instant < summer + timedelta(days=1)) for instant in instants.to_pylist()]
        return readiness.python_dates(timezone, pa.array(late, instants.type))

    monkeypatch.setitem(readiness.READERS, "pyarrow", older)
    with pytest.raises(
        SettingError, match=r"^FANOUT_TIMEZONE=Europe/London: Python and pyarrow .* 1 days end, the first 2026-10-25"
    ):
        readiness.require(replace(settings, timezone="Europe/London"), LAST)


def test_a_zone_that_one_does_not_know_is_named(settings: Settings) -> None:
    with pytest.raises(SettingError, match="FANOUT_TIMEZONE=localtime is not known to DuckDB"):
        readiness.require(replace(settings, timezone="localtime"), LAST)


def test_years_for_which_pyarrow_has_no_rules_are_named(settings: Settings) -> None:
    """Its reader of the database stops at 2037."""
    assert "pyarrow" in "".join(readiness.zone_problems("Europe/London", date(2038, 12, 31)))


def test_a_wrong_file_of_destinations_is_named_before_the_night(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "destinations.toml"
    file.write_text("[[destination]]\nname = 'a'\nkind = 'ftp'\npath = '/x'\n")
    assert readiness.problems(replace(settings, destinations=file), LAST) == [
        f"{file}, destination a: kind 'ftp' has to be one of folder, s3, sftp"
    ]


def test_every_fault_of_a_playbook_is_named_before_the_night(settings: Settings, tmp_path: Path) -> None:
    book = tmp_path / "ours.csv"
    book.write_text("stage,topic,next_step_en,next_step_zh\n*,*,,\n")
    assert readiness.problems(replace(settings, playbook=book), LAST) == [
        f"{book}, row 2, column C (next_step_en): is empty; fill it in, or delete the row",
        f"{book}, row 2, column D (next_step_zh): is empty; fill it in, or delete the row",
    ]


def test_every_fault_of_the_rules_of_tips_is_named_before_the_night(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "2026-01.csv"
    rules.write_text("tip,priority,least,do_en,do_zh,aim_en,aim_zh\nasleep,1,0,a,,c,d\n")
    read = tips.read
    monkeypatch.setattr(tips, "read", lambda: read(tmp_path))
    assert readiness.problems(settings, LAST) == [
        f"{rules}, row 2, column E (do_zh): is empty; fill it in, or delete the row",
        f"{rules}, row 2, column C (least): '0' is not a whole number from 1 to 1,000,000",
    ]


@pytest.mark.parametrize(("command", "arguments"), [(run.main, ([],)), (up.main, ()), (readiness.main, ())])
def test_nothing_starts_where_there_is_a_problem(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Callable[..., int],
    arguments: tuple[list[str], ...],
) -> None:
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["command"])
    monkeypatch.setattr(readiness, "problems", lambda *_: ["FANOUT_TIMEZONE=X is wrong"])
    assert command(*arguments) == 2
    assert "refused: FANOUT_TIMEZONE=X is wrong" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
