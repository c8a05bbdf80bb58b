"""When a business date ends, and which one an instant belongs to.

The business date of an instant is what a calendar on the wall shows then, in FANOUT_TIMEZONE. A date ends at the instant from
which the wall shows only later dates; the next date begins there. On most days that is local midnight. If clocks are put back
over midnight, there are two midnights, and the wall decides: from 01:00 to 00:00 (Havana) it is the first, since the repeated
hour belongs to the new date; from 00:01 to 23:01 (St. John's until 2011) it is the second, since the old date comes back for an
hour. If clocks are put forward over midnight, there is none, and the date ends when they are.

Spark and DuckDB are only asked for the date of an instant, which has one answer; they are given the ends of days from here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICK = timedelta(microseconds=1)  # the resolution of times in the lake


def business_date(instant: datetime, zone: ZoneInfo) -> date:
    """The business date of an instant (with its offset)."""
    return instant.astimezone(zone).date()


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, after which a business date does not return."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    readings = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(instant for instant in readings if business_date(instant - _TICK, zone) <= day)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a business date begins: the end of the date before."""
    return day_end(day - timedelta(days=1), zone)
