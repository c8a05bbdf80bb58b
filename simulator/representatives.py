"""The people who talk to fans for a merchant, three at each, and what they and fans write to each other."""

from __future__ import annotations

import numpy as np

from simulator.calendar import MINUTE, Floats, Ints, moments
from simulator.delivery import Outbox
from simulator.draws import only
from simulator.world import World

PER_MERCHANT = 3
WRITE_PER_FAN_DAY = 0.0007


def representatives(world: World, rows: Ints) -> list[str]:
    """Who at the merchant looks after each row's fan."""
    merchant, user = world.fans.merchant[rows], world.fans.user[rows]
    return [f"rep-{one + 1}-{other % PER_MERCHANT + 1}" for one, other in zip(merchant.tolist(), user.tolist(), strict=True)]


def write_to_each_other(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """Representatives follow a script of three steps; six in ten fans answer within the hour."""
    chance = WRITE_PER_FAN_DAY * activity[world.fans.merchant] * world.fans.is_fan(world.calendar.midnight(day))
    rows = np.flatnonzero(rng.random(len(chance)) < chance)
    sent_at = np.minimum(moments(rng, world.calendar, day, len(rows)), world.calendar.midnight(day + 1) - 61 * MINUTE)
    answers = rng.random(len(rows)) < 0.6
    answered_at = sent_at[answers] + rng.integers(MINUTE, 60 * MINUTE, int(answers.sum()))
    step = 1 + rng.integers(0, 3, len(rows))
    follows_script = rng.random(len(rows)) < 0.8
    everybody = np.concatenate([rows, rows[answers]])
    is_out = np.arange(len(everybody)) < len(rows)
    script = only(["关怀三步"] * len(everybody), is_out & np.append(follows_script, answers[answers]))
    outbox.add(
        "shop.direct_message.v1",
        np.concatenate([sent_at, answered_at]),
        merchant_id=world.merchant_ids(everybody),
        user_id=world.user_ids(everybody),
        direction=["out" if out else "in" for out in is_out.tolist()],
        rep_id=representatives(world, everybody),
        script=script,
        script_step=[
            number if named else None for number, named in zip([*step.tolist(), *([1] * len(answered_at))], script, strict=True)
        ],
    )
