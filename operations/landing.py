"""What is in the landing folder, by its names: which days were delivered, and what is not a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.events import RETURNED_CALLS, SOURCES
from contract.object_path import ObjectPath
from contract.settings import SettingError, Settings, parse_as_of
from spark_jobs.ingest.files import entries, landing_entries, landing_path
from spark_jobs.lake.catalog import has_rows

_WANTED = "<source>/dt=YYYY-MM-DD/*.jsonl[.gz|.zst]"


@dataclass(frozen=True)
class Survey:
    """A landing folder: its days in order, how many files they hold, and names that the ingest ignores, with the reason."""

    days: list[date]
    files: int
    passed_by: list[tuple[str, str]]


def survey(landing: Path | ObjectPath) -> Survey:
    """Look at every name in the landing folder; opens no file."""
    days: set[date] = set()
    files = 0
    passed_by = [(path.name, f"is not one of {', '.join(SOURCES)}") for path in entries(landing) if path.name not in SOURCES]
    for source in SOURCES:
        for name, _, fault in landing_entries(landing, source):
            file = landing_path(name)
            if file is None or fault:
                passed_by.append((name, str(fault)))
            else:
                if f"/{RETURNED_CALLS}" not in name:  # calls of returned sheets deliver no day
                    days.add(file.dt)
                files += 1
    return Survey(sorted(days), files, passed_by)


def choose_as_of(asked: str | None, found: Survey, settings: Settings, now: datetime) -> date:
    """The business date to run: `asked`, or by default the newest `dt` in the landing.

    Raises:
        SettingError: it is not a date, lies in the future, or the landing holds no delivery.
    """
    newest = found.days[-1] if found.days else None
    if not asked:
        if newest is None:
            raise SettingError(f"FANOUT_LANDING={settings.landing} holds no delivery; files lie in it as {_WANTED}")
        return newest
    as_of = parse_as_of(asked)
    if newest is None and not any(has_rows(settings, f"{source}_events") for source in SOURCES):
        raise SettingError(f"FANOUT_LANDING={settings.landing} holds no delivery and the lake no event; files lie as {_WANTED}")
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    if as_of > max(today, newest or today):
        raise SettingError(f"AS_OF={as_of} lies in the future; the newest delivery is of {newest or 'no day'}")
    return as_of
