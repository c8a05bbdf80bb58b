"""Marts and exports that are late: when somebody is told, and when nobody is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from contract.settings import Settings
from operations import deadlines, waiting
from operations.deadlines import Missed, alert, missed

# The schedule ran at 02:00 of the 21st in Shanghai, which is 18:00 of the 20th in UTC, for the 20th.
AT_SIX, AT_EIGHT = datetime(2026, 3, 20, 22, tzinfo=UTC), datetime(2026, 3, 21, 0, tzinfo=UTC)


def publish(settings: Settings, day: str) -> None:
    (settings.published / day / "v000001").mkdir(parents=True)
    (settings.published / day / "current").symlink_to("v000001")


def export(settings: Settings, day: str) -> None:
    (settings.exports / day).mkdir(parents=True)
    (settings.exports / day / "manifest.json").touch()


@pytest.fixture
def running(settings: Settings) -> Settings:
    """A deployment that has published and exported the day before."""
    publish(settings, "2026-03-19")
    export(settings, "2026-03-19")
    return settings


def named(settings: Settings, now: datetime) -> list[tuple[str, str]]:
    return [(each.what, each.key) for each in missed(settings, now)]


def test_what_is_not_there_at_its_time_is_named(running: Settings) -> None:
    assert named(running, AT_SIX.replace(hour=21, minute=59)) == []
    assert named(running, AT_SIX) == [("marts", "2026-03-20")]
    assert named(running, AT_EIGHT) == [("marts", "2026-03-20"), ("exports", "2026-03-20")]


def test_what_is_there_is_not(running: Settings) -> None:
    publish(running, "2026-03-20")
    assert named(running, AT_EIGHT) == [("exports", "2026-03-20")]
    export(running, "2026-03-20")
    assert named(running, AT_EIGHT) == []


def test_times_are_settings(running: Settings) -> None:
    other = replace(running, marts_by=time(5, 30), exports_by=None)
    assert named(other, datetime(2026, 3, 20, 21, 29, tzinfo=UTC)) == []
    assert named(other, AT_EIGHT) == [("marts", "2026-03-20")]
    # By the time of day of a schedule that begins later the next day is meant.
    evening = replace(running, schedule="0 20 * * *")
    assert named(evening, datetime(2026, 3, 21, 12, tzinfo=UTC)) == []
    assert named(evening, datetime(2026, 3, 21, 22, tzinfo=UTC)) == [("marts", "2026-03-20")]


def test_nothing_is_due_without_a_schedule_or_before_the_first_day(running: Settings, settings: Settings) -> None:
    assert named(replace(running, schedule="off"), AT_EIGHT) == []
    assert named(replace(running, home=running.home / "new"), AT_EIGHT) == []
    # A night that the schedule leaves out has no deadline: the last tick was that of Friday.
    weekdays = replace(running, schedule="0 2 * * 1-5")
    assert named(weekdays, datetime(2026, 3, 22, 4, tzinfo=UTC)) == []


def test_the_watch_tells_once(running: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    told: set[Any] = set()
    for _ in range(2):
        alert(missed(running, AT_EIGHT), told, lambda notice, subject: sent.append(notice | {"subject": subject}))
    assert [(each["dag"], each["partition_key"]) for each in sent] == [
        ("build_marts", "2026-03-20"),
        ("export_merchant_success", "2026-03-20"),
    ]
    assert "due at 2026-03-21 06:00" in sent[0]["text"]
    looked: list[Missed] = []
    monkeypatch.setattr(waiting, "waiting", lambda *_: [])
    monkeypatch.setattr(deadlines, "missed", lambda settings, now: missed(settings, AT_EIGHT))
    monkeypatch.setattr(deadlines, "alert", lambda found, told, send: looked.extend(found))
    waiting.look(running, told)
    assert len(looked) == 2
