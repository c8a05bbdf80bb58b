"""The state of the simulation: people, merchants, fans, and the tallies from which the truth is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from simulator.calendar import DAY, Bools, Calendar, Ints
from simulator.fans import Fans, build_fans
from simulator.geography import ALL_REGIONS
from simulator.groups import Groups
from simulator.merchants import Merchants, build_merchants
from simulator.people import People, build_people

PEOPLE_PER_MERCHANT = 45
WINDOW_DAYS = 90


@dataclass
class Tally:
    """What happened up to the landing's end, counted when it is planned, without people who ask to be forgotten.

    `shares`, `opens` (by others) and `orders_led` are by fan row over the last 90 days; the teams by region. `viral`: fan row
    and number of a share that was made to go viral, and the shares of its tree by depth. `calls`: of the merchant success team,
    by step and result.
    """

    shares: Ints
    opens: Ints
    orders_led: Ints
    shares_by_depth: Ints
    shares_by_channel: Ints
    teams: dict[str, Ints]
    shown: Ints
    clicked: Ints
    future_orders: Ints
    viral: list[tuple[int, int, Ints]] = field(default_factory=list)
    calls: Counter[tuple[str | None, str]] = field(default_factory=Counter)


@dataclass
class World:
    """The state of the platform."""

    calendar: Calendar
    people: People
    merchants: Merchants
    fans: Fans
    groups: Groups
    tally: Tally
    shares: int = 0
    teams: int = 0
    lives: int = 0
    packets: int = 0
    orders: list[tuple[Ints, Ints]] = field(default_factory=list)  # made today: fan rows and instants

    def merchant_ids(self, rows: Ints) -> list[str]:
        return self.merchants.ids(self.fans.merchant[rows])

    def user_ids(self, rows: Ints) -> list[str]:
        return self.people.ids(self.fans.user[rows])

    def take_orders(self) -> tuple[Ints, Ints]:
        """The orders made since this was last asked: fan rows and instants."""
        none = np.empty(0, np.int64)
        rows, at = (np.concatenate([none, *parts]) for parts in zip((none, none), *self.orders, strict=True))
        self.orders.clear()
        return rows, at

    def is_open(self, rows: Ints, at: Ints) -> Bools:
        """Whether each row's merchant is on the platform at an instant."""
        return self.merchants.is_open_on(self.calendar.days_of(at), self.fans.merchant[rows])

    def is_registered(self, rows: Ints, at: Ints) -> Bools:
        return np.asarray(self.people.registered_at[self.fans.user[rows]] < at)

    def in_window(self, at: Ints) -> Bools:
        """Whether an instant lies in the last 90 days of the landing."""
        return (at >= self.calendar.close - WINDOW_DAYS * DAY) & (at < self.calendar.close)


def build_world(rng: np.random.Generator, calendar: Calendar, people_count: int) -> World:
    """The platform on the evening before its first day."""
    people = build_people(rng, calendar, people_count)
    merchants = build_merchants(rng, calendar, max(3, len(people) // PEOPLE_PER_MERCHANT))
    fans = build_fans(rng, calendar, people, merchants)

    def zeros(count: int) -> Ints:
        return np.zeros(count, np.int64)

    return World(
        calendar=calendar,
        people=people,
        merchants=merchants,
        fans=fans,
        groups=Groups.none(len(people.circle_start), len(merchants)),
        tally=Tally(
            shares=zeros(len(fans)),
            opens=zeros(len(fans)),
            orders_led=zeros(len(fans)),
            shares_by_depth=zeros(32),
            shares_by_channel=zeros(4),
            teams={name: zeros(len(ALL_REGIONS)) for name in ("opened", "formed_organic", "formed_auto_filled", "failed")},
            shown=zeros(2),
            clicked=zeros(2),
            future_orders=zeros(len(fans)),
        ),
    )
