"""A platform for one question, what calls bring: merchants that stop selling, some of whom are called and sell again.

    python -m simulator.recoveries --out DIR [--seed 7] [--merchants 3000] [--end 2026-03-31] [--holdout-share 0.2]

Some five events a merchant. In the large simulation calls change nothing, since whatever they changed would change all else.
Here each merchant stops selling, stands on one day's list, and may be called on the next. The riskier it is, and on the plan
pro, the more likely it is called and the less likely it sells again by itself: who compares the called with the others thinks
that calls do harm. A step that helps adds `UPLIFT` to the probability that it sells again within 28 days of the list.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from simulator.calendar import DAY, HOUR, Bools, Calendar, Floats, Ints
from simulator.calls import midnights
from simulator.command import parser, status
from simulator.delivery import Outbox
from simulator.draws import only

HELPS, DOES_NOT = "*.orders", "*.logins"
UPLIFT = {HELPS: 0.25, DOES_NOT: 0.0}
HELPING_SHARE = 0.7  # of the calls
BEFORE, LISTS, AFTER = 30, 20, 31  # days: of sales, with a list each, and until the last list's 28 days are over
REVENUES = (900, 9_000)  # of the 28 days before the list, in three orders
_ORDERED_BEFORE = (25, 17, 9)  # days before the list


class Merchants:
    """One entry a merchant: when it is listed and how it looks then, how it is called, and whether it sells again."""

    def __init__(self, rng: np.random.Generator, count: int, holdout_share: float, holdout_key: str):
        self.ids = [f"m-{number + 1:04d}" for number in range(count)]
        self.listed_on: Ints = BEFORE + np.arange(count) % LISTS
        self.risk: Floats = rng.uniform(0.5, 0.8, count)
        self.is_pro: Bools = rng.random(count) < 0.5
        self.revenue: Ints = rng.choice(REVENUES, count)
        self.is_held_out: Bools = np.array([_drawn(holdout_key, one) < holdout_share for one in self.ids], bool)
        wanted = rng.random(count) < 2 * (self.risk - 0.5) + 0.2 * self.is_pro
        self.is_called: Bools = wanted & ~self.is_held_out
        self.has_helping_step: Bools = rng.random(count) < HELPING_SHARE
        uplift = np.where(self.has_helping_step, UPLIFT[HELPS], UPLIFT[DOES_NOT]) * self.is_called
        self.is_recovered: Bools = rng.random(count) < 1.2 - 1.3 * self.risk + 0.1 * ~self.is_pro + uplift
        self.sells_after: Ints = rng.integers(2, 27, count)  # days after the list

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def steps(self) -> list[str | None]:
        """The step of each merchant's call, None where there is none."""
        return only([HELPS if helps else DOES_NOT for helps in self.has_helping_step.tolist()], self.is_called)

    @property
    def plans(self) -> list[str]:
        return ["pro" if is_pro else "basic" for is_pro in self.is_pro.tolist()]

    def told(self, calendar: Calendar) -> list[dict[str, Any]]:
        """A record of each: its list as the team saw it, its call, and what became of it."""
        columns = {
            "merchant_id": self.ids,
            "listed_on": [calendar.date(day).isoformat() for day in self.listed_on.tolist()],
            "churn_probability": self.risk.tolist(),
            "plan": self.plans,
            "revenue_28d": self.revenue.tolist(),
            "is_held_out": self.is_held_out.tolist(),
            "step": self.steps,
            "is_recovered": self.is_recovered.tolist(),
        }
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _drawn(key: str, merchant: str) -> float:
    """Where between 0 and 1 a merchant stands in the draw of those that no list names."""
    return int(hashlib.sha256(f"{key}:{merchant}".encode()).hexdigest()[:8], 16) / 2**32


def simulate_recoveries(
    out: Path, end: date, *, seed: int = 7, merchants: int = 3_000, holdout_share: float = 0.0, holdout_key: str = "fanout"
) -> None:
    """Write a landing and its truth (`_truth.json`) into a new folder.

    Raises:
        FileExistsError: the folder is there already.
    """
    out.mkdir(parents=True)
    calendar = Calendar(end, BEFORE + LISTS + AFTER)
    happening, delivering = (np.random.default_rng([seed, number]) for number in (1, 2))
    outbox = Outbox(out, calendar, delivering)
    planted = Merchants(happening, merchants, holdout_share, holdout_key)
    _onboard(planted, calendar, outbox)
    for number, days in enumerate(_ORDERED_BEFORE, 1):
        _sell(planted, calendar, outbox, happening, np.arange(merchants), planted.listed_on - days, number)
    _call(planted, calendar, outbox, happening)
    again = np.flatnonzero(planted.is_recovered)
    _sell(planted, calendar, outbox, happening, again, planted.listed_on[again] + planted.sells_after[again], 4)
    for day in range(calendar.days):
        outbox.write(day)
    truth = {
        "seed": seed,
        "first_day": calendar.first.isoformat(),
        "as_of": calendar.end.isoformat(),
        "events": dict(sorted(outbox.planted.events.items())),
        "erasable_users": [],
        "planted_uplift": UPLIFT,
        "merchants": planted.told(calendar),
    }
    (out / "_truth.json").write_bytes(msgspec.json.encode(truth) + b"\n")


def _onboard(planted: Merchants, calendar: Calendar, outbox: Outbox) -> None:
    outbox.add(
        "shop.merchant_onboarded.v1",
        np.full(len(planted), calendar.midnight(0)),
        merchant_id=planted.ids,
        name=[f"小店 {number + 1}" for number in range(len(planted))],
        plan=planted.plans,
        account_manager=["am-01"] * len(planted),
    )


def _sell(
    planted: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator, who: Ints, days: Ints, number: int
) -> None:
    """One order of each, of a third of its revenue."""
    outbox.add(
        "shop.order_paid.v1",
        calendar.midnight(0) + days * DAY + rng.integers(8 * HOUR, 22 * HOUR, len(who)),
        merchant_id=[planted.ids[k] for k in who.tolist()],
        order_id=[f"o-{number}"] * len(who),
        user_id=[f"u-{k}" for k in who.tolist()],
        amount=[f"{revenue // 3}.00" for revenue in planted.revenue[who].tolist()],
        currency=["CNY"] * len(who),
    )


def _call(planted: Merchants, calendar: Calendar, outbox: Outbox, rng: np.random.Generator) -> None:
    """Calls on the day after the list, in working hours."""
    who, steps = np.flatnonzero(planted.is_called), planted.steps
    outbox.add(
        "shop.success_call.v1",
        calendar.midnight(1) + planted.listed_on[who] * DAY + rng.integers(9 * HOUR, 18 * HOUR, len(who)),
        merchant_id=[planted.ids[k] for k in who.tolist()],
        manager=["am-01"] * len(who),
        result=["talked"] * len(who),
        listed_on=midnights(calendar, planted.listed_on[who]),
        step=[steps[k] for k in who.tolist()],
    )


def main() -> int:
    arguments = parser(__doc__, date(2026, 3, 31))
    arguments.add_argument("--merchants", type=int, default=3_000, help="default %(default)s")
    arguments.add_argument("--holdout-share", type=float, default=0.0, help="part of the merchants that nobody calls")
    given = arguments.parse_args()
    size, share = given.merchants, given.holdout_share
    return status(lambda: simulate_recoveries(given.out, given.end, seed=given.seed, merchants=size, holdout_share=share))


if __name__ == "__main__":
    sys.exit(main())
