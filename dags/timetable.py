"""When the schedule starts the ingests, and for which day: each tick runs for the local date before it.

Airflow's own `CronPartitionTimetable` derives the date from the previous tick as an instant. Where the clocks skip the time of
a tick, that instant lies on another date: one night has no run, and the next ones run for the wrong day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import pendulum
from airflow.exceptions import InvalidPartitionKeyError
from airflow.timetables.base import DagRunInfo
from airflow.timetables.trigger import CronPartitionTimetable
from croniter import croniter

_KEY_FORMAT = "%Y-%m-%d"
_DAY = timedelta(days=1)


class DayBefore(CronPartitionTimetable):
    """A cron expression read on the wall clock of a time zone; the key of a run is the date before its tick.

    A tick that the clocks skip comes at the end of the gap, on its own date; one that they show twice comes the second time,
    when the date before is over in any case. A date that no clock has shown (Samoa, 2011-12-30) has no tick and is no key. The
    partition date follows from the key alone, so that a run of the clock, a back-fill and a run by hand agree on it.
    """

    def __init__(self, cron: str, *, timezone: Any) -> None:
        super().__init__(cron, timezone=timezone, key_format=_KEY_FORMAT)

    def serialize(self) -> dict[str, Any]:
        fields = super().serialize()
        return {name: fields[name] for name in ("expression", "timezone")}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> DayBefore:
        return cls(data["expression"], timezone=pendulum.timezone(data["timezone"]))

    def localize_partition_datetime(self, dt: datetime) -> pendulum.DateTime:
        return pendulum.instance(self._moment(dt.replace(tzinfo=None)))

    def iter_partition_dagrun_infos(self, *, earliest: datetime, latest: datetime) -> Iterable[DagRunInfo]:
        """A run for each key whose partition date lies between the bounds, both included; back-fills ask for them."""
        first, last = self.localize_partition_datetime(earliest), self.localize_partition_datetime(latest)
        key = None
        for wall in self._walls_after(self._wall(first)):
            day = self._date_before(wall.date())
            at = self._partition_date(day)
            if at > last:
                return
            if at >= first and day != key:
                key = day
                yield DagRunInfo(run_after=at, data_interval=None, partition_date=at, partition_key=day.strftime(_KEY_FORMAT))

    def _get_next(self, current: datetime) -> pendulum.DateTime:
        moments = (self._moment(wall) for wall in self._walls_after(self._wall(current)))
        return pendulum.instance(next(moment for moment in moments if moment > current))

    def _get_prev(self, current: datetime) -> pendulum.DateTime:
        return pendulum.instance(self._moment(self._wall(current - timedelta.resolution)))

    def _get_partition_info(self, run_date: datetime) -> tuple[pendulum.DateTime, str]:
        day = self._date_before(self._wall(run_date).date())
        return self._partition_date(day), day.strftime(_KEY_FORMAT)

    def _decode_partition_date(self, partition_key: str) -> datetime:
        try:
            day = datetime.strptime(partition_key, _KEY_FORMAT).date()
        except ValueError as error:
            raise InvalidPartitionKeyError(f"partition key {partition_key!r} is no date; write it YYYY-MM-DD") from error
        return self._partition_date(day)

    def _partition_date(self, day: date) -> pendulum.DateTime:
        """The day itself, at the time of day of the tick that runs for it."""
        wall = next(self._walls_after(datetime.combine(day, datetime.max.time())))
        return pendulum.instance(self._moment(datetime.combine(day, wall.time())))

    def _wall(self, at: datetime) -> datetime:
        """The wall-clock time of the last tick up to a moment."""
        # `_moment` never decreases, so the first match, searching backwards, is the last tick.
        wall = at.astimezone(self._timezone).replace(tzinfo=None) + _DAY
        while True:
            wall = _tick_before(self._expression, wall)
            if self._moment(wall) <= at and self._is_shown(wall.date()):
                return wall

    def _walls_after(self, wall: datetime) -> Iterator[datetime]:
        """The wall-clock times of the ticks after this one, in order."""
        while True:
            wall = _tick_after(self._expression, wall)
            if self._is_shown(wall.date()):
                yield wall

    def _date_before(self, day: date) -> date:
        before = day - _DAY
        while not self._is_shown(before):
            before -= _DAY
        return before

    def _is_shown(self, day: date) -> bool:
        midnight = datetime.combine(day, datetime.min.time())
        return self._moment(midnight).astimezone(self._timezone).date() == day

    def _moment(self, wall: datetime) -> datetime:
        """The last moment, in UTC, at which the clock shows a time.

        If a gap skips that time, it is the first moment after the gap, or the last minute before it if a new date begins in
        the gap.
        """
        before, after = (wall.replace(tzinfo=self._timezone, fold=fold).utcoffset() for fold in (0, 1))
        assert before is not None
        assert after is not None
        moment = (wall - after).replace(tzinfo=UTC)
        if before >= after:
            return moment
        skipped, there = moment, moment + (after - before)  # between these the clock jumps
        while there - skipped > timedelta(seconds=1):
            half = (skipped + (there - skipped) / 2).replace(microsecond=0)
            if half.astimezone(self._timezone).utcoffset() == after:
                there = half
            else:
                skipped = half
        is_same_date = there.astimezone(self._timezone).date() == wall.date()
        return there if is_same_date else there - timedelta(minutes=1)


# croniter parses the expression for every tick, which takes longest; the scheduler asks for the same ticks all day.
@lru_cache(maxsize=10_000)
def _tick_after(expression: str, wall: datetime) -> datetime:
    following: datetime = croniter(expression, wall).get_next(datetime)
    return following


@lru_cache(maxsize=10_000)
def _tick_before(expression: str, wall: datetime) -> datetime:
    preceding: datetime = croniter(expression, wall).get_prev(datetime)
    return preceding
