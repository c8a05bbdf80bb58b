"""Whether something came for a day since the lake was last filled."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from contract.settings import Settings
from operations.arrived import arrived, main

DAY = date(2026, 3, 20)
READ = "shop/dt=2026-03-20/a.jsonl"
CUT = "shop/dt=2026-03-20/b.jsonl.gz"
AT = datetime(2026, 3, 20, 18, tzinfo=UTC)


def put(settings: Settings, name: str, content: bytes, at: datetime = AT) -> None:
    path = settings.landing_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))


@pytest.fixture
def known(settings: Settings) -> Settings:
    """A lake that has read one file of the day, and could not read another; both lie in the landing as they were."""
    at = pa.array([AT, AT], pa.timestamp("us", "UTC"))
    files = pa.table({"file": [READ, CUT], "fate": ["read", "unreadable"], "bytes": [3, 2], "modified_at": at})
    write_deltalake(f"{settings.lake}/shop_events", files)
    put(settings, READ, b"{}\n")
    put(settings, CUT, b"\x1f\x8b")
    return settings


def test_what_was_read_has_not_come(known: Settings) -> None:
    assert arrived(known, "shop", DAY) == []


def test_a_new_file_has_come(known: Settings) -> None:
    put(known, "shop/dt=2026-03-20/c.jsonl.zst", b"x")
    assert arrived(known, "shop", DAY) == ["shop/dt=2026-03-20/c.jsonl.zst"]


@pytest.mark.parametrize(("content", "at"), [(b"\x1f\x8b\x08", AT), (b"\x1f\x8b", AT.replace(hour=19))], ids=["size", "time"])
def test_a_whole_copy_in_the_place_of_a_cut_one_has_come(known: Settings, content: bytes, at: datetime) -> None:
    put(known, CUT, content, at)
    assert arrived(known, "shop", DAY) == [CUT]


@pytest.mark.parametrize(
    "name",
    [
        "shop/dt=2026-03-20/_SUCCESS",
        "shop/dt=2026-03-20/success_calls_0123456789abcdef.jsonl",
        "shop/dt=2026-03-20/.c.jsonl.part",
        "shop/dt=2026-03-20/_c.jsonl",
        "shop/dt=2026-03-20/c.csv",
        "shop/dt=2026-03-20/c.jsonl/part",
        "shop/dt=2026-03-19/c.jsonl",
        "group/dt=2026-03-20/c.jsonl",
    ],
)
def test_what_is_no_delivery_of_the_day_has_not_come(known: Settings, name: str) -> None:
    put(known, name, b"x")
    assert arrived(known, "shop", DAY) == []


def test_a_landing_without_the_day_or_the_source_has_nothing(known: Settings) -> None:
    assert arrived(known, "shop", date(2026, 3, 21)) == []
    for path in sorted(known.landing_folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert arrived(known, "shop", DAY) == []


def test_the_command_says_with_its_status_whether_something_came(
    known: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("FANOUT_HOME", str(known.home))
    monkeypatch.setenv("FANOUT_LANDING", str(known.landing_folder))
    monkeypatch.setattr("sys.argv", ["arrived", "--source", "shop", "--as-of", "2026-03-20"])
    assert main() == 3
    assert "shop/dt=2026-03-20 still holds nothing new to read" in capsys.readouterr().err
    put(known, "shop/dt=2026-03-20/c.jsonl", b"x")
    assert main() == 0
    assert "1 files came, first shop/dt=2026-03-20/c.jsonl" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["arrived", "--source", "shop", "--as-of", "yesterday"])
    assert main() == 2
