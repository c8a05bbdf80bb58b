"""Visits of the pages that tell about a shop. At some merchants one of these pages leaks: most people leave on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.calendar import MINUTE, SECOND, Ints, moments
from simulator.delivery import Outbox
from simulator.merchants import Role
from simulator.world import World

KIND = "info"
PAGES = ("about", "story", "guarantee")
LEAKING_PAGE = "delivery"
LEAVES = 0.8  # planted: of the visitors who come to the leaking page
_COMES, _BUYER_COMES = 0.5, 0.1  # to the leaking page
_LOOKERS = 15  # a day and merchant
_DAYS = 42  # at the end of the landing, on which there are visits


def leaking_merchants(world: World) -> Ints:
    """The largest merchants that stay: one in forty, and one more."""
    steady = np.flatnonzero(world.merchants.role == Role.STEADY)
    largest = steady[np.argsort(-world.merchants.size[steady], kind="stable")]
    return np.sort(largest[: 1 + len(world.merchants) // 40])


def visit_pages(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """The day's people who only look, and those who look before an order that was made today.

    What is drawn here changes nothing else: orders are taken as they are.
    """
    orders = world.take_orders()
    if day < world.calendar.days - _DAYS:
        return
    midnight, leaking = world.calendar.midnight(day), leaking_merchants(world)
    fans = world.fans
    for merchant in leaking.tolist():
        rows = fans.merchant_start[merchant] + np.arange(fans.merchant_rows[merchant])
        rows = rows[fans.is_fan(midnight)[rows]]
        lookers = rng.choice(rows, min(_LOOKERS, len(rows)), replace=False)
        _visit(world, outbox, rng, lookers, moments(rng, world.calendar, day, len(lookers)), _COMES)
    row, at = orders
    kept = np.isin(fans.merchant[row], leaking) & (at - 10 * MINUTE >= midnight)
    _visit(world, outbox, rng, row[kept], at[kept] - 10 * MINUTE, _BUYER_COMES)


def _visit(world: World, outbox: Outbox, rng: np.random.Generator, rows: Ints, start: Ints, comes: float) -> None:
    """Views of one to four pages, two minutes apart: one or two, then perhaps the leaking page, and rarely another."""
    count = len(rows)
    first = rng.integers(0, len(PAGES), count)
    goes_to_leak = rng.random(count) < comes
    goes_on = goes_to_leak & (rng.random(count) >= LEAVES)
    steps = (
        (first, np.ones(count, np.bool_)),
        ((first + 1) % len(PAGES), rng.random(count) < 0.6),
        (np.full(count, len(PAGES)), goes_to_leak),
        ((first + 2) % len(PAGES), goes_on),
    )
    ids = (*PAGES, LEAKING_PAGE)
    for number, (page, is_seen) in enumerate(steps):
        seen, at = np.flatnonzero(is_seen), start + number * 2 * MINUTE
        seconds = np.where(page[seen] == len(PAGES), 1.5, 9.0) * rng.lognormal(0, 0.5, len(seen))
        outbox.add(
            "shop.page_viewed.v1",
            at[seen],
            merchant_id=world.merchant_ids(rows[seen]),
            user_id=world.user_ids(rows[seen]),
            object_type=[KIND] * len(seen),
            object_id=[ids[k] for k in page[seen].tolist()],
            session_id=[f"w-{row}-{moment}" for row, moment in zip(rows[seen].tolist(), start[seen].tolist(), strict=True)],
            dwell_ms=(seconds * SECOND).astype(np.int64).tolist(),
        )


def leaking_pages(world: World) -> list[dict[str, Any]]:
    """The pages that were made to leak."""
    page = {"object_type": KIND, "object_id": LEAKING_PAGE, "planted_share_of_leavers": LEAVES}
    return [{"merchant_id": merchant, **page} for merchant in world.merchants.ids(leaking_merchants(world))]
