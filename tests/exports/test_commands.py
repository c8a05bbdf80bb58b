"""The commands: dry run, preview, resolve, and a run that is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contract.settings import Settings
from exports.__main__ import main
from exports.policy.people import pseudonym
from exports.write_packs import export
from tests.small_warehouse import AS_OF, published

Command = Callable[..., int]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `python -m exports` with arguments, on the test's home."""

    def run(*arguments: str) -> int:
        monkeypatch.setenv("FANOUT_HOME", str(settings.home))
        monkeypatch.setattr(sys, "argv", ["exports", *arguments])
        return main()

    return run


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_run_reports(settings: Settings, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--as-of", "2026-03-20") == 1
    assert "run: python -m publication --as-of 2026-03-20" in capsys.readouterr().err
    published(settings)
    assert command("--as-of", "2026-03-20") == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["step"], report["managers"], report["merchants"], report["delivered"]) == ("exports", 2, 2, {})
    assert command("--as-of", "20.3.2026") == 2


def test_a_dry_run_shows_what_would_be_sent_and_writes_nothing(
    settings: Settings, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = "update marts.merchant_churn_flags set stage = 'operating', is_churn_flagged = false, revenue_28d = 60"
    published(settings, calm, as_of=AS_OF - timedelta(days=1))
    export(settings, AS_OF - timedelta(days=1))
    published(settings)
    (tmp_path / "share").mkdir()
    file = tmp_path / "destinations.toml"
    place = f"[[destination]]\nname = '{{}}'\nkind = 'folder'\npath = '{tmp_path}/share'\nschedule = '{{}}'\n"
    file.write_text(place.format("share", "daily") + place.format("mondays", "monday"))
    monkeypatch.setenv("FANOUT_DESTINATIONS", str(file))
    before = everything_below(settings.exports)
    assert command("--as-of", "2026-03-20", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "exports of 2026-03-20, compared with 2026-03-19 v000001"
    [amy] = [line for line in lines if line.startswith("amy: ")]
    assert amy.startswith("amy: 1 to call; calls 1 added; ")
    [new] = [line for line in lines if line.startswith("  + m-1 ")]
    assert new.endswith("net revenue 30 in the last 28 days, 50 in the 28 days before")
    [share] = [line for line in lines if line.startswith("share: ")]
    assert share.startswith(
        f"share: folder {tmp_path}/share: 4 packs (managers/unassigned, managers/amy, merchants/m-1, merchants/m-2), "
    )
    assert share.endswith("last delivered: never")
    assert "mondays: nothing, not due (monday)" in lines
    assert json.loads(lines[-1])["packs"] == 4
    assert everything_below(settings.exports) == before
    assert not list((tmp_path / "share").iterdir())
    assert not list((settings.home / "work").rglob("exports_dry_run"))


def test_a_preview_opens_the_pack_of_a_manager(
    settings: Settings, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    published(settings)
    assert command("preview", "--as-of", "2026-03-20", "--manager", "amy") == 0
    folder = Path(json.loads(capsys.readouterr().out.splitlines()[-1])["folder"])
    assert opened == [(folder / "report.html").as_uri()]
    assert (folder / "workbook.xlsx").is_file()
    assert not settings.exports.exists()
    assert command("preview", "--as-of", "2026-03-20", "--manager", "zoe") == 1
    assert "no manager 'zoe'; the managers are unassigned, amy" in capsys.readouterr().err


def test_a_preview_shows_the_pack_as_the_edited_playbook_makes_it(
    settings: Settings, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the exports of the day are there already, which stay as they are; no other manager's pages are made."""
    monkeypatch.setattr(webbrowser, "open", lambda _: None)
    published(settings)
    export(settings, AS_OF)
    before = everything_below(settings.exports)
    book = tmp_path / "ours.csv"
    book.write_bytes("stage;topic;next_step_en;next_step_zh\r\n*;*;Bring cake.;带蛋糕。\r\n".encode("gb18030"))
    monkeypatch.setenv("FANOUT_PLAYBOOK", str(book))
    assert command("preview", "--as-of", "2026-03-20", "--manager", "amy") == 0
    folder = Path(json.loads(capsys.readouterr().out.splitlines()[-1])["folder"])
    page = (folder / "report.html").read_text()
    assert "Bring cake." in page
    assert "Bring cake." not in (settings.exports / "2026-03-20" / "managers" / "amy" / "report.html").read_text()
    assert [path.parent.name for path in folder.parent.glob("*/report.html")] == ["amy"]
    assert everything_below(settings.exports) == before


def test_every_fault_of_the_playbook_stands_in_a_line_of_its_own(
    settings: Settings, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published(settings)
    book = tmp_path / "ours.csv"
    book.write_text("stage,topic,next_step_en,next_step_zh\nasleep,*,,甲\n*,*,b,乙\n")
    monkeypatch.setenv("FANOUT_PLAYBOOK", str(book))
    for arguments in (["--as-of", "2026-03-20"], ["preview", "--as-of", "2026-03-20", "--manager", "amy"]):
        assert command(*arguments) == 1
        empty, unknown = capsys.readouterr().err.splitlines()
        assert empty == f"{book}, row 2, column C (next_step_en): is empty; fill it in, or delete the row"
        assert unknown.startswith(f"{book}, row 2, column A (stage): 'asleep' is none of launching, ")
    monkeypatch.setenv("FANOUT_PLAYBOOK", str(tmp_path / "nowhere.csv"))
    assert command("--as-of", "2026-03-20") == 2
    assert f"FANOUT_PLAYBOOK={tmp_path}/nowhere.csv is not there" in capsys.readouterr().err


def test_a_pseudonym_is_resolved_by_its_key_alone(
    settings: Settings, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published(settings)
    shown = pseudonym("a" * 32, "m-1", "u-2")
    assert command("resolve", "--as-of", "2026-03-20", shown) == 1
    assert "FANOUT_PSEUDONYM_KEY is not set" in capsys.readouterr().err
    monkeypatch.setenv("FANOUT_PSEUDONYM_KEY", "a" * 32)
    assert command("resolve", "--as-of", "2026-03-20", shown) == 0
    assert json.loads(capsys.readouterr().out)["user_id"] == "u-2"
    monkeypatch.setenv("FANOUT_PSEUDONYM_KEY", "b" * 32)
    assert command("resolve", "--as-of", "2026-03-20", shown) == 1
    assert "older key" in capsys.readouterr().err
    monkeypatch.setenv("FANOUT_PSEUDONYM_KEY", "short")
    assert command("resolve", "--as-of", "2026-03-20", shown) == 2


@pytest.mark.acceptance
def test_an_export_that_is_killed_leaves_the_old_one_or_the_new_one(settings: Settings, tmp_path: Path) -> None:
    """SIGKILL before many of the file operations of an export; the next one gives the bytes of a first."""
    published(settings)
    export(settings, AS_OF)
    old = {name.rpartition("/exports/")[2] for name in everything_below(settings.exports)}
    published(settings, "update marts.islands set shares = 7")
    whole = replace(settings, home=tmp_path / "whole")
    whole.home.mkdir()
    (whole.home / "published").symlink_to(settings.published)
    (whole.home / "keys").symlink_to(settings.home / "keys")
    export(whole, AS_OF)
    new = {name.rpartition("/exports/")[2]: data for name, data in everything_below(whole.exports).items()}
    kills = 0
    for step in range(0, 2000, 13):
        pid = os.fork()
        if pid == 0:
            left = [step]

            def count(event: str, arguments: tuple[object, ...], left: list[int] = left) -> None:
                if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir") and "exports" in str(arguments[0]):
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
            export(settings, AS_OF)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        day = settings.exports / AS_OF.isoformat()
        if day.exists():  # the instant between two renames apart, the day is whole
            assert {name.rpartition("/exports/")[2] for name in everything_below(day)} == old
        if not os.WIFSIGNALED(status):
            break
        kills += 1
    assert kills > 5
    export(settings, AS_OF)
    assert {name.rpartition("/exports/")[2]: data for name, data in everything_below(settings.exports).items()} == new
