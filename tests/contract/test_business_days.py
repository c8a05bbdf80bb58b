"""When business dates end: by hand where clocks change, and the same for all who work them out, in every zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import jinja2
import pyarrow as pa
import pytest

from contract.business_days import business_date, day_end, day_start
from dbt_project.build import PROJECT
from operations.readiness import arrow_dates, duckdb_dates, python_dates

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2037, 12, 1, tzinfo=UTC)  # pyarrow knows no summer time after 2037
STEP = timedelta(days=6)
NO_ZONES = {"Factory", "localtime"}


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        pytest.param("Asia/Shanghai", "2026-03-20", "2026-03-20T16:00", id="no change"),
        pytest.param("America/Havana", "2026-10-31", "2026-11-01T04:00", id="01:00 back to 00:00"),
        pytest.param("Atlantic/Azores", "2026-10-24", "2026-10-25T00:00", id="01:00 back to 00:00 at sea"),
        pytest.param("America/Sao_Paulo", "2018-02-17", "2018-02-18T03:00", id="24:00 back to 23:00"),
        pytest.param("America/St_Johns", "2010-11-06", "2010-11-07T03:30", id="00:01 back to 23:01"),
        pytest.param("Asia/Beirut", "2026-03-28", "2026-03-28T22:00", id="00:00 on to 01:00"),
        pytest.param("Europe/London", "2026-03-28", "2026-03-29T00:00", id="changes later in the day"),
        pytest.param("Pacific/Apia", "2011-12-29", "2011-12-30T10:00", id="before a day that never was"),
        pytest.param("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", id="a day that never was"),
        pytest.param("Pacific/Apia", "2011-12-31", "2011-12-31T10:00", id="after a day that never was"),
    ],
)
def test_the_end_of_a_day(zone: str, day: str, end: str) -> None:
    found = day_end(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert day_start(date.fromisoformat(day) + timedelta(days=1), ZoneInfo(zone)) == found


def test_a_date_that_comes_back_for_an_hour_ends_after_it() -> None:
    """St. John's, November 2010: a minute of Sunday, 59 minutes of Saturday again, then Sunday."""
    zone = ZoneInfo("America/St_Johns")
    walls = [
        business_date(datetime(2010, 11, 7, *at, tzinfo=UTC), zone).day for at in [(2, 29), (2, 30), (2, 31), (3, 29), (3, 30)]
    ]
    assert walls == [6, 7, 6, 6, 7]


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The instants at which the zone's clocks change."""
    at, offset = FIRST, FIRST.astimezone(zone).utcoffset()
    while at < LAST:
        if (at + STEP).astimezone(zone).utcoffset() != offset:
            before, after = 0, int(STEP.total_seconds())
            while after - before > 1:
                middle = (before + after) // 2
                same = (at + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset
                before, after = (middle, after) if same else (before, middle)
            yield at + timedelta(seconds=after)
            offset = (at + STEP).astimezone(zone).utcoffset()
        at += STEP


@cache
def midnights_that_change() -> dict[str, list[tuple[datetime, date]]]:
    """By zone, the changes after which a midnight comes twice or not at all, with the date that ends there."""
    found: dict[str, list[tuple[datetime, date]]] = {}
    for name in sorted(available_timezones() - NO_ZONES):
        zone = ZoneInfo(name)
        for change in changes(zone):
            walls = [(change + timedelta(microseconds=tick)).astimezone(zone).replace(tzinfo=None) for tick in (-1, 0)]
            for number in range((max(walls).date() - min(walls).date()).days + 2):
                midnight = datetime.combine(min(walls).date() + timedelta(days=number), time())
                if min(walls) <= midnight <= max(walls) + timedelta(microseconds=1):
                    found.setdefault(name, []).append((change, midnight.date() - timedelta(days=1)))
    return found


def test_in_every_zone_a_date_ends_where_the_wall_shows_it_last() -> None:
    """By brute force, minute by minute around each change at midnight."""
    found = midnights_that_change()
    assert {"America/Havana", "Atlantic/Azores", "America/St_Johns", "America/Sao_Paulo", "Asia/Beirut", "Cuba"} <= found.keys()
    assert sum(map(len, found.values())) > 1_000
    for name, cases in found.items():
        zone = ZoneInfo(name)
        for change, day in cases:
            minutes = [change + timedelta(minutes=minute) for minute in range(-240, 241)]
            last = max(minute for minute in minutes if business_date(minute, zone) <= day)
            assert day_end(day, zone) == last + timedelta(minutes=1), (name, day)


def test_python_pyarrow_and_duckdb_agree_on_every_day_around_a_midnight_that_changes() -> None:
    found = midnights_that_change()
    assert len(found) > 50
    for name, cases in found.items():
        zone = ZoneInfo(name)
        around = [day_end(day + timedelta(days=number), zone) for _, day in cases for number in (-1, 0, 1)]
        around += [change + timedelta(minutes=minutes) for change, _ in cases for minutes in range(-120, 121, 15)]
        ticks = [instant + timedelta(microseconds=tick) for instant in around for tick in (-1, 0)]
        instants = pa.array(ticks, pa.timestamp("us", tz="UTC"))
        expected = python_dates(name, instants)
        assert arrow_dates(name, instants) == expected, name
        assert duckdb_dates(name, instants) == expected, name


def test_the_marts_ask_duckdb_as_the_check_does() -> None:
    """The macro is the expression whose answers are compared."""
    macros = jinja2.Environment().from_string((PROJECT / "macros" / "time.sql").read_text(), {"var": lambda name: f"<{name}>"})
    sql = macros.module.business_date("at")  # type: ignore[attr-defined]
    assert " ".join(sql.split()) == "cast(timezone('<timezone>', timezone('UTC', at)) as date)"
