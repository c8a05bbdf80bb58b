"""A platform for one question, what moved a shop's payments: shops with 50 orders a day, in which one lever falls.

    python -m simulator.shocks --out DIR [--seed 7] [--shops 1] [--end 2026-03-10]

Each shop has a circle of regulars who come by chance, new visitors who come once, buyers by chance, and orders of changing
size. On weekends more people come, and at the Spring Festival at all shops. On the last days one lever of a shop is down by
40 %; the quiet shops have none. In the large simulation no merchant sells so much, and a lever that fell would change all
that follows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from simulator.calendar import HOUR, MINUTE, Calendar, Floats, Ints
from simulator.command import parser, status
from simulator.delivery import Outbox

LEVERS = ("visitors", "conversion", "order_value")
QUIET = "quiet"
FALLS_TO = 0.6
FALLEN_DAYS = 6  # the last ones: none of them is what another is compared with
FESTIVAL, RUSH = (date(2026, 2, 10), date(2026, 3, 3)), 1.6
WEEKEND = 1.2
CIRCLE, REGULAR, NEW, CONVERSION, ORDER = 150, 0.5, 25, 0.5, 10_000  # 50 orders a day, of 100.00
DAYS = 119  # of the landing: 28 that are judged, the windows of 12 weeks before, and the first event
_STEADINESS = 36  # of an order's size: a sixth of it is its deviation


@dataclass(frozen=True)
class Events:
    """Events of one type: their instants, and a list for each field of `data`."""

    type: str
    at: Ints
    columns: dict[str, list[Any]]


def shop_names(shops: int) -> list[str]:
    """So many shops of each lever, and so many quiet ones; a name begins with its lever."""
    return [f"{lever}-{number + 1:02}" for lever in (*LEVERS, QUIET) for number in range(shops)]


def happen(calendar: Calendar, shops: int, seed: int) -> Iterator[Events]:
    """Views and orders, day after day."""
    rng = np.random.default_rng([seed, 5])
    names = np.array(shop_names(shops))
    for day in range(calendar.days):
        yield from _visits(rng, calendar, names, day)


def _visits(rng: np.random.Generator, calendar: Calendar, names: Any, day: int) -> Iterator[Events]:
    fallen = FALLS_TO if day >= calendar.days - FALLEN_DAYS else 1.0
    visitors, conversion, order_value = (np.where(np.char.startswith(names, lever), fallen, 1.0) for lever in LEVERS)
    today = calendar.date(day)
    rush = RUSH if FESTIVAL[0] <= today <= FESTIVAL[1] else 1.0
    crowd: Floats = (WEEKEND if today.weekday() >= 5 else 1.0) * rush * visitors
    regular_shop, regular = np.nonzero(rng.random((len(names), CIRCLE)) < REGULAR * crowd[:, None])
    new = rng.poisson(NEW * crowd)
    shop = np.concatenate([regular_shop, np.repeat(np.arange(len(names)), new)])
    circle = zip(regular_shop.tolist(), regular.tolist(), strict=True)
    user = [f"u-{shop}-{one}" for shop, one in circle] + [f"u-{day}-new-{number}" for number in range(new.sum())]
    at = calendar.midnight(day) + rng.integers(8 * HOUR, 22 * HOUR, len(shop))
    merchant = names[shop].tolist()
    seen = {"merchant_id": merchant, "user_id": user, "object_type": ["page"] * len(shop), "object_id": ["home"] * len(shop)}
    yield Events("shop.page_viewed.v1", at, seen)
    buys = np.flatnonzero(rng.random(len(shop)) < CONVERSION * conversion[shop])
    size = rng.gamma(_STEADINESS, 1 / _STEADINESS, len(buys))
    cents = np.round(ORDER * order_value[shop[buys]] * size).astype(np.int64).tolist()
    bought = {
        "merchant_id": [merchant[k] for k in buys.tolist()],
        "order_id": [f"o-{day}-{k}" for k in buys.tolist()],
        "user_id": [user[k] for k in buys.tolist()],
        "amount": [f"{paid // 100}.{paid % 100:02}" for paid in cents],
        "currency": ["CNY"] * len(buys),
    }
    yield Events("shop.order_paid.v1", at[buys] + 10 * MINUTE, bought)


def simulate_shocks(out: Path, end: date, *, seed: int = 7, shops: int = 1) -> None:
    """Write a landing and its truth (`_truth.json`) into a new folder.

    Raises:
        FileExistsError: the folder is there already.
    """
    out.mkdir(parents=True)
    calendar = Calendar(end, DAYS)
    outbox = Outbox(out, calendar, np.random.default_rng([seed, 2]))
    for events in happen(calendar, shops, seed):
        outbox.add(events.type, events.at, **events.columns)
    for day in range(calendar.days):
        outbox.write(day)
    truth = {
        "seed": seed,
        "first_day": calendar.first.isoformat(),
        "as_of": calendar.end.isoformat(),
        "events": dict(sorted(outbox.planted.events.items())),
        "erasable_users": [],
        "falls_to": FALLS_TO,
        "fallen_from": calendar.date(DAYS - FALLEN_DAYS).isoformat(),
        "lever": {name: name.partition("-")[0] for name in shop_names(shops)},
    }
    (out / "_truth.json").write_bytes(msgspec.json.encode(truth) + b"\n")


def main() -> int:
    arguments = parser(__doc__, date(2026, 3, 10))
    arguments.add_argument("--shops", type=int, default=1, help="of each lever, and quiet ones (default %(default)s)")
    given = arguments.parse_args()
    return status(lambda: simulate_shocks(given.out, given.end, seed=given.seed, shops=given.shops))


if __name__ == "__main__":
    sys.exit(main())
