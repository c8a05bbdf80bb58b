"""Days that are late: the marts or the exports of the last night are not there by the time that the settings name.

Airflow's deadline alerts belong to a run, and a night that stands still before its last DAGs has none of these: a gate waits
for a delivery, a DAG is paused or does not load. What was published and exported is on disk, so the watch of
`operations.waiting` looks there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from croniter import croniter

from contract.settings import Settings
from publication.versions import current, newest_day

_MANIFEST = "manifest.json"  # the last file of a day's exports


@dataclass(frozen=True)
class Missed:
    """What of a day is not there, and since when it should be."""

    what: str
    key: str
    due: datetime

    @property
    def dag_id(self) -> str:
        return "export_merchant_success" if self.what == "exports" else "build_marts"

    def text(self) -> str:
        return (
            f"the {self.what} of {self.key} are not there, and were due at {self.due:%Y-%m-%d %H:%M}; "
            "see where the day stands (docs/runbooks/missed_deadline.md)"
        )


def missed(settings: Settings, now: datetime) -> list[Missed]:
    """What the schedule should have brought by now and has not, of the day that it ran for last.

    Nothing is due with the schedule off, or where nothing was ever published.
    """
    if settings.schedule == "off" or not settings.published.is_dir() or newest_day(settings.published) is None:
        return []
    zone = ZoneInfo(settings.timezone)
    wall = now.astimezone(zone).replace(tzinfo=None)
    tick: datetime = croniter(settings.schedule, wall + datetime.resolution).get_prev(datetime)
    key = (tick.date() - timedelta(days=1)).isoformat()
    found = []
    for what, by, is_there in _dues(settings):
        if by is not None and not is_there(key):
            due = datetime.combine(tick.date() + timedelta(days=by < tick.time()), by, zone)
            if now >= due.astimezone(UTC):
                found.append(Missed(what, key, due))
    return found


def _dues(settings: Settings) -> tuple[tuple[str, time | None, Callable[[str], bool]], ...]:
    return (
        ("marts", settings.marts_by, lambda key: current(settings.published / key) is not None),
        ("exports", settings.exports_by, lambda key: Path(settings.exports / key / _MANIFEST).is_file()),
    )


def alert(found: Collection[Missed], told: set[Any], send: Callable[[dict[str, Any], str], None]) -> None:
    """Tell of what nobody has been told of yet."""
    for each in found:
        if each not in told:
            notice = {"dag": each.dag_id, "partition_key": each.key, "text": each.text()}
            send(notice, f"the {each.what} of {each.key} are late")
            told.add(each)
