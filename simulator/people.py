"""People: circles of ten to twenty friends, the few connectors between circles, and their registrations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.calendar import DAY, Bools, Calendar, Floats, Ints, moments
from simulator.delivery import Outbox
from simulator.draws import only, pick, whole
from simulator.geography import REGIONS, region_codes

MIN_CIRCLE, MAX_CIRCLE = 10, 20
NO_REGION = 0.03
# The name to be seen by follows from the number of a person; one in eight gives none.
_SURNAMES = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马")
_GIVEN = ("小雨", "阿杰", "晓晓", "姐", "丽娜", "师傅", "妈妈", "同学", "哥", "小厨", "静静")
_CHANNELS = ("app_store", "wechat", "invite", "live", "ad")


@dataclass
class People:
    """One entry a person; the members of a circle are contiguous, its connector (if it has one) first.

    `label` is the shuffled number in a person's id, so that ids do not reveal circles. `region` indexes ALL_REGIONS.
    `city_tier`: of the latest registration, 0 before the first.
    `is_erasable`: will ask to be forgotten, and until then does nothing that the planted truth counts.
    """

    circle_start: Ints
    circle_size: Ints
    circle: Ints
    label: Ints
    region: Ints
    city_tier: Ints
    is_mover: Bools
    registered_at: Ints
    attention: Floats
    is_connector: Bools
    is_erasable: Bools

    def __len__(self) -> int:
        return len(self.circle)

    def ids(self, people: Ints) -> list[str]:
        return [f"u-{label:06d}" for label in self.label[people].tolist()]


def build_people(rng: np.random.Generator, calendar: Calendar, count: int) -> People:
    """About `count` people in circles; most members of a circle live in one region and join the platform together."""
    circles = max(6, round(2 * count / (MIN_CIRCLE + MAX_CIRCLE)))
    size = rng.integers(MIN_CIRCLE, MAX_CIRCLE + 1, circles)
    start = np.cumsum(size) - size
    circle = np.repeat(np.arange(circles), size)
    people = len(circle)
    weights = np.array([region.users for region in REGIONS])
    home, elsewhere = (rng.choice(len(REGIONS), count, p=weights / weights.sum()) for count in (circles, people))
    region = np.where(rng.random(people) < 0.85, home[circle], elsewhere)
    arrival = np.where(rng.random(circles) < 0.65, rng.random(circles) * 20, rng.random(circles) * calendar.days * 0.9)
    arrival = np.minimum(arrival, calendar.days * rng.random(circles))
    registered = calendar.midnight(0) + ((arrival[circle] + rng.lognormal(0.7, 0.8, people)) * DAY).astype(np.int64)
    is_connector = np.zeros(people, dtype=bool)
    is_connector[start[rng.random(circles) < 0.5]] = True
    is_erasable = np.zeros(people, dtype=bool)
    is_erasable[(start + size - 1)[rng.random(circles) < 0.04]] = True
    return People(
        circle_start=start,
        circle_size=size,
        circle=circle,
        label=rng.permutation(people).astype(np.int64) + 1,
        region=np.where(rng.random(people) < NO_REGION, len(REGIONS), region),
        city_tier=np.zeros(people, np.int64),
        is_mover=rng.random(people) < 0.02,
        registered_at=registered,
        attention=np.minimum(rng.lognormal(-0.12, 0.5, people), 3),
        is_connector=is_connector,
        is_erasable=is_erasable,
    )


def register(people: People, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """The day's registrations, moves to another region, and requests to be forgotten."""
    new = np.flatnonzero(calendar.days_of(people.registered_at) == day)
    _announce(people, outbox, rng, new, people.registered_at[new])
    settled = np.flatnonzero(people.is_mover & (people.registered_at < calendar.midnight(day - 10)))
    moving = rng.choice(settled, min(len(settled), whole(rng, len(settled) / calendar.days)), replace=False)
    people.region[moving] = rng.integers(0, len(REGIONS), len(moving))
    _announce(people, outbox, rng, moving, moments(rng, calendar, day, len(moving)))
    _forget(people, calendar, outbox, rng, day)


def _announce(people: People, outbox: Outbox, rng: np.random.Generator, who: Ints, at: Ints) -> None:
    count = len(who)
    shared_device = rng.random(count) < 0.02  # a device farm: many accounts on a few devices
    device = np.where(shared_device, rng.integers(0, 5, count), people.label[who] + 1_000)
    tier = pick(rng, (1, 2, 3, 4, 5), count, (0.2, 0.25, 0.25, 0.2, 0.1))
    people.city_tier[who] = tier
    outbox.add(
        "shop.user_registered.v1",
        at,
        user_id=people.ids(who),
        region=only(region_codes(people.region[who]), people.region[who] < len(REGIONS)),
        city_tier=tier,
        gender=pick(rng, (None, "female", "male"), count, (0.1, 0.6, 0.3)),
        birth_year=[year if year < 2011 else None for year in rng.integers(1955, 2016, count).tolist()],
        device_id=[f"d-{number:07d}" for number in device.tolist()],
        channel=pick(rng, _CHANNELS, count),
        display_name=[_display_name(label) for label in people.label[who].tolist()],
    )


def _display_name(label: int) -> str | None:
    return None if label % 8 == 0 else _SURNAMES[label % len(_SURNAMES)] + _GIVEN[label % len(_GIVEN)]


def _forget(people: People, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    asking = np.flatnonzero(people.is_erasable & (calendar.days_of(people.registered_at) == day - calendar.days // 4))
    outbox.add("shop.erasure_requested.v1", moments(rng, calendar, day, len(asking)), user_id=people.ids(asking))
