"""The platform's time: days of the business zone, how busy they are, and moments within them.

Instants are int64 milliseconds since 1970 in UTC; days are counted from the first day of the landing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER = 1 << 62
ZONE_OFFSET = 8 * HOUR  # Asia/Shanghai, without summer time since 1991
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Calendar:
    """The days that the landing covers, and the hidden ones after them."""

    end: date
    days: int
    future_days: int = 0

    @property
    def first(self) -> date:
        return self.end - timedelta(days=self.days - 1)

    @property
    def close(self) -> int:
        """The instant at which the landing's last day is over."""
        return self.midnight(self.days)

    @property
    def future_close(self) -> int:
        """The instant at which the hidden future is over."""
        return self.midnight(self.days + self.future_days)

    def date(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def midnight(self, day: int) -> int:
        """The first instant of a day."""
        return ((self.first - _EPOCH).days + day) * DAY - ZONE_OFFSET

    def days_of(self, at: Ints) -> Ints:
        return (at - self.midnight(0)) // DAY

    def bustle(self, day: int) -> float:
        """How busy people are with shopping: weekends, the sales of 11 November and 12 December, the Spring Festival."""
        today = self.date(day)
        weekend = 1.2 if today.weekday() >= 5 else 0.93
        if (today.month, today.day) in ((11, 10), (11, 11), (12, 12), (6, 18)):
            return 1.8 * weekend
        if date(2026, 2, 15) <= today <= date(2026, 2, 21):
            return 0.6
        return weekend


def moments(rng: np.random.Generator, calendar: Calendar, day: int, count: int) -> Ints:
    """Random moments of one day: a peak at noon, a higher one in the evening, few at night."""
    kind = rng.random(count)
    hours = np.where(
        kind < 0.3,
        rng.normal(12.4, 1.4, count),
        np.where(kind < 0.75, rng.normal(20.6, 1.6, count), rng.uniform(6.5, 24, count)),
    )
    return calendar.midnight(day) + (np.clip(hours, 0, 23.999) * HOUR).astype(np.int64)


def after(rng: np.random.Generator, at: Ints, median_minutes: float, sigma: float) -> Ints:
    """Random moments after others, by lognormal delays of at most ten days."""
    minutes = median_minutes * rng.lognormal(0, sigma, len(at))
    return at + (np.minimum(minutes, 14_400) * MINUTE).astype(np.int64) + SECOND
