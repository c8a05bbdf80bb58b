"""What the platform keeps about merchants: whose items they may show, and the cases of its risk team."""

from __future__ import annotations

import numpy as np

from simulator.calendar import DAY, HOUR, Ints, moments
from simulator.campaigns import written
from simulator.delivery import Outbox
from simulator.draws import only
from simulator.world import World

_RULES = ("levels", "headcount", "price", "copy", "induced_sharing", "spam", "co_posting", "accounts")
_CASES_PER_MERCHANT_DAY = 0.004
_STEPS = (("contacted", 1), ("fixed", 3), ("dismissed", 4), ("sanctioned", 2))  # after days, each in some of the cases
_SANCTIONS = ("1d", "7d", "15d", "permanent")


def partners(world: World, rows: Ints) -> list[str]:
    """The merchant whose items each row's merchant shows: its neighbour."""
    return world.merchants.ids(_neighbour(world, world.fans.merchant[rows]))


def _neighbour(world: World, merchant: Ints) -> Ints:
    return (merchant + 1) % len(world.merchants)


def record_partnerships(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """On the day of its onboarding a merchant gets its neighbour for a partner, every third for 90 days alone."""
    new = np.flatnonzero(world.merchants.onboarded_on == day)
    midnight = world.calendar.midnight(day)
    outbox.add(
        "shop.partnership_recorded.v1",
        midnight + 2 * HOUR + rng.integers(0, HOUR, len(new)),
        merchant_id=world.merchants.ids(new),
        partner_id=world.merchants.ids(_neighbour(world, new)),
        valid_from=[written(midnight)] * len(new),
        valid_to=only([written(midnight + 90 * DAY)] * len(new), new % 3 == 0),
    )


def keep_cases(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """The risk team opens cases against merchants, some of them against an account, and works on them for some days."""
    merchants = world.merchants
    is_open = merchants.is_open_on(np.full(len(merchants), day))
    who = np.flatnonzero(is_open & (rng.random(len(merchants)) < _CASES_PER_MERCHANT_DAY))
    opened_at = moments(rng, world.calendar, day, len(who))
    case = [f"case-{day}-{k + 1}" for k in who.tolist()]
    rule = [_RULES[(day + k) % len(_RULES)] for k in who.tolist()]
    account = world.user_ids(world.fans.merchant_start[who])
    has_account = rng.random(len(who)) < 0.3
    steps = [("opened", opened_at, np.ones(len(who), np.bool_))]
    steps += [(step, opened_at + days * DAY, rng.random(len(who)) < 0.4) for step, days in _STEPS]
    for step, at, some in steps:
        chosen = np.flatnonzero(some)
        outbox.add(
            "shop.risk_case_recorded.v1",
            at[chosen],
            case_id=[case[k] for k in chosen.tolist()],
            merchant_id=merchants.ids(who[chosen]),
            step=[step] * len(chosen),
            rule=[rule[k] if step == "opened" else None for k in chosen.tolist()],
            user_id=[account[k] if has_account[k] else None for k in chosen.tolist()],
            sanction=[_SANCTIONS[(day + k) % len(_SANCTIONS)] if step == "sanctioned" else None for k in chosen.tolist()],
        )
