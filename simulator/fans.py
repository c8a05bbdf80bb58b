"""Fans: who may buy at which merchant, how often they really buy, and when they are gone for good.

A fan buys at Weibull gaps around a lognormal pace of their own, and leaves after a lognormal time or after the first purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import gamma

import numpy as np

from simulator.calendar import DAY, HOUR, NEVER, Bools, Calendar, Floats, Ints
from simulator.draws import spans
from simulator.merchants import Merchants, Role
from simulator.people import People

GAP_SHAPE = 1.35
MEAN_GAP = gamma(1 + 1 / GAP_SHAPE)  # mean of a gap of scale 1
SHARING_SIGMA = 1.7
CONNECTOR_SHARING = 3.0
PEOPLE_PER_STAR = 280  # about a hundred of them are sharers whose shares are opened
STARS_PER_MERCHANT = 3


class Kind(IntEnum):
    """How a fan buys."""

    LOOKER = 0  # never on their own, only as a member of a team
    TOURIST = 1  # once
    REGULAR = 2
    LOYAL = 3  # often, and for good


@dataclass
class Fans:
    """One row for each person of a circle that a merchant reaches; a fan from `follow_at` until `gone_at`.

    The rows of a merchant are contiguous, and within them those of each circle (a block). `bridges` counts the other blocks
    that a row's person reaches. `stars` are the rows of the few whose posts everybody at the merchant sees.
    """

    merchant: Ints
    user: Ints
    block: Ints
    block_start: Ints
    block_size: Ints
    block_circle: Ints
    merchant_start: Ints
    merchant_rows: Ints
    first_block: Ints
    blocks: Ints
    kind: Ints
    gap_days: Floats
    lifetime: Ints
    spending: Floats
    sharing: Floats
    bridges: Ints
    stars: Ints
    planned_at: Ints
    follow_at: Ints
    gone_at: Ints
    next_order_at: Ints
    orders: Ints

    def __len__(self) -> int:
        return len(self.merchant)

    def is_fan(self, at: int) -> Bools:
        return (self.follow_at <= at) & (at < self.gone_at)

    def bridged_blocks(self, rows: Ints, number: int) -> Ints:
        """The block to which the `number`-th bridge of each row's person leads, never its own."""
        merchant = self.merchant[rows]
        first, blocks = self.first_block[merchant], self.blocks[merchant]
        step = 1 + (self.user[rows] * 7 + number * 3) % np.maximum(blocks - 1, 1)
        return first + (self.block[rows] - first + step) % blocks


def build_fans(rng: np.random.Generator, calendar: Calendar, people: People, merchants: Merchants) -> Fans:
    """Assign each circle to one to three merchants, more often to larger ones, and draw each person's kind of fan there."""
    circles = len(people.circle_start)
    chosen = rng.choice(len(merchants), (circles, 3), p=merchants.size / merchants.size.sum())
    chosen[np.arange(3) >= rng.choice([1, 2, 3], circles, p=[0.3, 0.4, 0.3])[:, None]] = -1
    circle, column = np.nonzero(chosen >= 0)
    pairs = np.stack([chosen[circle, column], circle], axis=1)
    lonely = np.setdiff1d(np.arange(len(merchants)), pairs[:, 0])
    pairs = np.unique(np.concatenate([pairs, np.stack([lonely, rng.integers(0, circles, len(lonely))], axis=1)]), axis=0)
    block_merchant, block_circle = pairs[:, 0], pairs[:, 1]
    size = people.circle_size[block_circle]
    block, user = spans(people.circle_start[block_circle], size)
    rows = len(block)
    merchant = block_merchant[block]
    blocks = np.bincount(block_merchant, minlength=len(merchants))
    merchant_rows = np.bincount(merchant, minlength=len(merchants))

    kind = rng.choice(4, rows, p=[0.3, 0.17, 0.43, 0.1])
    gap = np.where(kind == Kind.LOYAL, 10 * rng.lognormal(0, 0.3, rows), 30 * rng.lognormal(0, 0.55, rows))
    lifetime = np.where(kind == Kind.LOYAL, 10_000, 140 * rng.lognormal(0, 0.9, rows)) * DAY
    begins = np.maximum(people.registered_at[user], calendar.midnight(0) + merchants.onboarded_on[merchant] * DAY)
    comes_at = begins + (12 * rng.lognormal(0, 1.2, rows) * DAY).astype(np.int64) + HOUR
    is_connector = people.is_connector[user] & (blocks[merchant] > 1)
    stars = _stars(merchants, merchant, merchant_rows, is_connector, len(people) // PEOPLE_PER_STAR)
    kind[stars], lifetime[stars] = Kind.LOYAL, 10_000 * DAY
    weight = rng.lognormal(0, SHARING_SIGMA, rows) * np.where(is_connector, CONNECTOR_SHARING, 1) * ~people.is_erasable[user]
    return Fans(
        merchant=merchant,
        user=user,
        block=block,
        block_start=np.cumsum(size) - size,
        block_size=size,
        block_circle=block_circle,
        merchant_start=np.cumsum(merchant_rows) - merchant_rows,
        merchant_rows=merchant_rows,
        first_block=np.cumsum(blocks) - blocks,
        blocks=blocks,
        kind=kind,
        gap_days=gap * merchants.pace[merchant],
        lifetime=lifetime.astype(np.int64),
        spending=rng.lognormal(0, 0.6, rows),
        sharing=weight / weight.mean(),
        bridges=np.where(is_connector, np.minimum(blocks[merchant] - 1, 3), 0),
        stars=stars,
        planned_at=np.where((rng.random(rows) < 0.6) | np.isin(np.arange(rows), stars), comes_at, NEVER),
        follow_at=np.full(rows, NEVER),
        gone_at=np.full(rows, NEVER),
        next_order_at=np.full(rows, NEVER),
        orders=np.zeros(rows, np.int64),
    )


def _stars(merchants: Merchants, merchant: Ints, merchant_rows: Ints, is_connector: Bools, count: int) -> Ints:
    """Some connectors at those merchants with the most people that do not leave."""
    able = np.flatnonzero(is_connector & (merchants.role[merchant] == Role.STEADY))
    turn = np.arange(len(able)) - np.searchsorted(merchant[able], merchant[able])  # rows of a merchant are contiguous
    able = able[turn < STARS_PER_MERCHANT]
    return np.sort(able[np.argsort(-merchant_rows[merchant[able]], kind="stable")][:count])


def gaps(fans: Fans, rng: np.random.Generator, rows: Ints) -> Ints:
    """The time to each row's next purchase."""
    return (fans.gap_days[rows] * rng.weibull(GAP_SHAPE, len(rows)) * DAY).astype(np.int64) + HOUR


def become_fans(fans: Fans, rng: np.random.Generator, rows: Ints, at: Ints) -> None:
    """Make these rows fans from `at` on, who buy for the first time soon, or never."""
    fans.follow_at[rows] = at
    fans.gone_at[rows] = at + fans.lifetime[rows]
    first = at + (3 * rng.lognormal(0, 1, len(rows)) * DAY).astype(np.int64)
    fans.next_order_at[rows] = np.where(fans.kind[rows] == Kind.LOOKER, NEVER, np.minimum(fans.next_order_at[rows], first))
