"""Calls of the merchant success team: account managers call merchants that do badly.

They change nothing here, where every draw depends on all others; `recoveries` has a platform on which they help.
"""

from __future__ import annotations

import numpy as np

from simulator.calendar import HOUR, Calendar, Ints
from simulator.delivery import Outbox
from simulator.draws import only, pick
from simulator.merchants import managers
from simulator.world import World

CALLED_A_DAY = 0.12  # of those that do badly
RESULTS = {"no_answer": 0.3, "talked": 0.25, "step_agreed": 0.2, "call_later": 0.1, "declined": 0.1, "leaving": 0.05}
STEPS = ("*.orders", "*.logins", "*.revenue", "*.left", "at_risk.*")
PLANTED_UPLIFT = 0.0
_NOTES = ("想看直播数据", "下周再联系", "在考虑别的平台")


def call_merchants(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """The calls of a day, in working hours, from the list of the day before; some from none."""
    merchants = world.merchants
    does_badly = (day >= merchants.declines_from) & (day < merchants.leaves_on + 3)
    does_badly |= (np.abs(day - merchants.dips_on) < 9) & merchants.is_open_on(np.full(len(merchants), day))
    names = managers(np.arange(len(merchants)))
    is_called = does_badly & (rng.random(len(merchants)) < CALLED_A_DAY) & np.array([name is not None for name in names])
    who = np.flatnonzero(is_called)
    at = world.calendar.midnight(day) + rng.integers(9 * HOUR, 18 * HOUR, len(who))
    result = pick(rng, list(RESULTS), len(who), list(RESULTS.values()))
    step = only(pick(rng, STEPS, len(who)), rng.random(len(who)) < 0.9)
    is_listed = rng.random(len(who)) < 0.9
    has_next = np.array([what in ("call_later", "talked") for what in result], bool)
    next_on = midnights(world.calendar, day + rng.integers(1, 10, len(who)))
    outbox.add(
        "shop.success_call.v1",
        at,
        merchant_id=merchants.ids(who),
        manager=[names[k] for k in who.tolist()],
        result=list(result),
        listed_on=only(midnights(world.calendar, np.full(len(who), day - 1)), is_listed),
        step=list(step),
        next_on=only(next_on, has_next),
        note=only(pick(rng, _NOTES, len(who)), rng.random(len(who)) < 0.3),
    )
    if day < world.calendar.days:
        world.tally.calls.update(zip(step, result, strict=True))


def midnights(calendar: Calendar, days: Ints) -> list[str]:
    """The starts of business days, in UTC."""
    starts = np.array([calendar.midnight(day) for day in days.tolist()], "datetime64[ms]")
    return [f"{start}Z" for start in np.datetime_as_string(starts).tolist()]
