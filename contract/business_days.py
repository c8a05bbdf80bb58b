"""When a business date ends, and which one an instant belongs to.

The business date of an instant is what a calendar on the wall shows then, in FANOUT_TIMEZONE. A date ends at the instant from
which on the wall shows later ones only; the next begins there. That is local midnight, on most days. Where clocks are put back
over midnight there are two, and the wall decides: from 01:00 to 00:00 (Havana) the first, since the hour that comes twice is of
the new date; from 00:01 to 23:01 (St. John's until 2011) the second, since the old date comes back for an hour. Where clocks
are put forward over it there is none, and the date ends when they are.

Spark and DuckDB are only asked for the date of an instant, which has one answer; the ends of days go to them from here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)  # the finest that a time in the lake is


def business_date(instant: datetime, zone: ZoneInfo) -> date:
    """The business date of an instant (with its offset)."""
    return instant.astimezone(zone).date()


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, after which a business date does not come again."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    readings = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(instant for instant in readings if business_date(instant - _TICK, zone) <= day)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a business date begins: where the one before ends."""
    return day_end(day - timedelta(days=1), zone)
