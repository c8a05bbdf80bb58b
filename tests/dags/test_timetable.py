"""When the ingests run by the clock, and for which day: on every date of twenty years, in every time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

FIRST, LAST = date(2007, 1, 1), date(2026, 12, 31)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)

Timetable = Callable[[str, str], Any]
Change = tuple[datetime, timedelta]  # a moment, and the zone's offset from then on


def local(zone: str, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def offset(zone: str, moment: datetime) -> timedelta:
    found = local(zone, moment).utcoffset()
    assert found is not None
    return found


@cache
def changes(zone: str) -> tuple[Change, ...]:
    """Every change of the zone's offset, to the minute."""
    at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - 4 * DAY
    end = datetime(LAST.year, LAST.month, LAST.day, tzinfo=UTC) + 4 * DAY
    found = [(at, offset(zone, at))]
    while at < end:
        following = at + DAY
        if offset(zone, following) != offset(zone, at):
            low, high = at, following
            while high - low > timedelta(minutes=1):
                middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
                low, high = (middle, high) if offset(zone, middle) == offset(zone, at) else (low, middle)
            found.append((high, offset(zone, high)))
        at = following
    return tuple(found)


def dates() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        yield day
        day += DAY


def situations() -> dict[tuple[Any, ...], tuple[str, date]]:
    """Each way in which clocks may go around a date, with a zone and a date that has it.

    What happens to a daily tick hangs on nothing else: on the offset, and on the changes of the three days about the date.
    """
    histories = {changes(zone): zone for zone in sorted(available_timezones(), reverse=True)}
    found: dict[tuple[Any, ...], tuple[str, date]] = {}
    for history, zone in histories.items():
        number, changed = 0, False
        for day in dates():
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            while number + 1 < len(history) and history[number + 1][0] < start - 3 * DAY:
                number += 1
            near = [(at - start, after) for at, after in history[number + 1 : number + 4] if at < start + 3 * DAY]
            changed |= bool(near)
            found.setdefault((history[number][1], *near), (zone, day))
        assert changed or len(history) == 1, zone
    return found


SITUATIONS = situations()


def first_moment(zone: str, day: date) -> datetime | None:
    """The first moment whose date on the zone's clocks is `day`, found by looking at every quarter of an hour."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - 2 * DAY
    for _ in range(4 * 24 * 4):
        if local(zone, at).date() == day:
            while local(zone, at - timedelta(minutes=1)).date() == day:
                at -= timedelta(minutes=1)
            return at
        at += QUARTER
    return None


def faults(timetable: Any, zone: str, day: date) -> list[str]:
    """What is wrong with the runs of the clock on one date."""
    start = first_moment(zone, day)
    at = (start or datetime(day.year, day.month, day.day, tzinfo=UTC)) - DAY
    ticks: list[datetime] = []
    while not ticks or ticks[-1] < at + 3 * DAY:
        ticks.append(timetable._get_next(ticks[-1] if ticks else at))
    mine = [tick for tick in ticks if local(zone, tick).date() == day]
    if start is None:
        return [f"{zone} {day} is on no clock, and has a run"] if mine else []
    if len(mine) != 1:
        return [f"{zone} {day} has {len(mine)} runs"]
    wanted = local(zone, start - timedelta(seconds=1)).date()
    _, key = timetable._get_partition_info(mine[0])
    found = [] if key == wanted.isoformat() else [f"{zone}: the tick of {day} runs for {key}, not for {wanted}"]
    if timetable._get_prev(timetable._get_next(mine[0])) != mine[0]:
        found.append(f"{zone} {day}: back from the tick after is another tick")
    return found


@pytest.fixture
def day_before(airflow_home: Path) -> Timetable:
    from dags.timetable import DayBefore

    return cache(lambda cron, zone: DayBefore(cron, timezone=zone))


def test_the_situations_have_the_rare_ones() -> None:
    assert len(SITUATIONS) > 500
    sizes = {near[1] - at for at, *rest in SITUATIONS for near in rest[:1]}
    assert {timedelta(hours=hours) for hours in (-1, 1, -0.5, 0.5, 24)} <= sizes


@pytest.mark.parametrize("cron", ["0 2 * * *", "30 0 * * *", "0 6 * * *", "0 0 * * *", "30 23 * * *"])
def test_every_date_has_one_run_for_the_date_before(day_before: Timetable, cron: str) -> None:
    assert [fault for zone, day in SITUATIONS.values() for fault in faults(day_before(cron, zone), zone, day)] == []


def test_airflows_own_timetable_is_found_faulty(airflow_home: Path) -> None:
    from airflow.timetables.trigger import CronPartitionTimetable

    own = CronPartitionTimetable("0 2 * * *", timezone="America/New_York", run_offset=-1, key_format="%Y-%m-%d")
    assert faults(own, "America/New_York", date(2026, 3, 8)) != []
    assert faults(own, "America/New_York", date(2026, 7, 8)) == []


@pytest.mark.parametrize(
    ("zone", "cron", "date_", "tick", "key"),
    [
        pytest.param("America/New_York", "0 2 * * *", "2026-03-08", "2026-03-08T03:00:00-04:00", "2026-03-07", id="skipped"),
        pytest.param("America/New_York", "30 1 * * *", "2026-11-01", "2026-11-01T01:30:00-05:00", "2026-10-31", id="twice"),
        pytest.param("Africa/Cairo", "30 0 * * *", "2026-04-24", "2026-04-24T01:00:00+03:00", "2026-04-23", id="midnight"),
        pytest.param(
            "America/Havana", "0 0 * * *", "2026-11-01", "2026-11-01T00:00:00-05:00", "2026-10-31", id="two_midnights"
        ),
        pytest.param("Australia/Lord_Howe", "15 2 * * *", "2026-10-04", "2026-10-04T02:30:00+11:00", "2026-10-03", id="half"),
        pytest.param("Pacific/Apia", "0 2 * * *", "2011-12-31", "2011-12-31T02:00:00+14:00", "2011-12-29", id="no_30th"),
        pytest.param("Asia/Shanghai", "0 2 * * *", "2026-03-21", "2026-03-21T02:00:00+08:00", "2026-03-20", id="ordinary"),
        pytest.param("Asia/Shanghai", "0 2 * * 1", "2026-03-23", "2026-03-23T02:00:00+08:00", "2026-03-22", id="mondays"),
        pytest.param("Asia/Shanghai", "0 */6 * * *", "2026-03-23", "2026-03-23T00:00:00+08:00", "2026-03-22", id="four_a_day"),
    ],
)
def test_ticks_that_were_worked_out_by_hand(
    day_before: Timetable, zone: str, cron: str, date_: str, tick: str, key: str
) -> None:
    at = first_moment(zone, date.fromisoformat(date_))
    assert at is not None
    timetable = day_before(cron, zone)
    found = timetable._get_next(at - timedelta(seconds=1))
    assert local(zone, found).isoformat() == tick
    partition_date, found_key = timetable._get_partition_info(found)
    assert found_key == key
    assert timetable.resolve_partition_date(key) == partition_date


def keys(timetable: Any, first: str, last: str) -> list[str]:
    bounds = [datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in (first, last)]
    infos = list(timetable.iter_partition_dagrun_infos(earliest=bounds[0], latest=bounds[1]))
    assert [timetable.resolve_partition_date(info.partition_key) for info in infos] == [info.partition_date for info in infos]
    return [info.partition_key for info in infos]


def test_a_back_fill_has_every_key_once_up_to_the_day_before_its_end(day_before: Timetable) -> None:
    march = [f"2026-03-{day:02}" for day in range(1, 32)]
    for zone in ("America/New_York", "Asia/Shanghai", "Europe/Berlin", "UTC"):
        assert keys(day_before("0 2 * * *", zone), "2026-03-01", "2026-04-01") == march
    assert keys(day_before("0 2 * * *", "Pacific/Apia"), "2011-12-28", "2012-01-02") == [
        "2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01",
    ]  # fmt: skip
    assert keys(day_before("0 */6 * * *", "Asia/Shanghai"), "2026-03-01", "2026-03-02") == ["2026-03-01", "2026-03-02"]


def test_a_key_that_is_no_date_is_refused(day_before: Timetable) -> None:
    from airflow.exceptions import InvalidPartitionKeyError

    with pytest.raises(InvalidPartitionKeyError, match="write it YYYY-MM-DD"):
        day_before("0 2 * * *", "UTC").resolve_partition_date("20260320x")
