"""A platform for one question, whom to call, with which words, how soon and by whom: people who differ by what is planted,
and by chance.

    python -m simulator.prospects --out DIR [--seed 7] [--end 2026-03-31]

One merchant a question. Leads come 60 and 30 days before the last day; those who watched more of late buy more, whatever their
gender and age. Two scripts are answered differently. Eight representatives answer half of their customers at once, who buy
twice as often as the others; at one merchant all sell alike, at another the last one sells more.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, Calendar, Floats, Ints
from simulator.command import parser, status
from simulator.delivery import Outbox

DAYS = 75
COHORTS = (60, 30)  # days before the last one at whose end leads are scored
LEADS = 3_000  # who come before each of these
WATCHED = 60  # minutes at most, in one visit on one of the ten dates before
BOUGHT, BOUGHT_BY_WATCHING = 0.05, 0.25  # chance to buy in the 30 dates after, and what 30 points of watching add to it
POINTS_A_MINUTE, HALF_LIFE, MOST_POINTS = 0.5, 14, 30  # of the seed lead_rules.csv
SCRIPTS = {"warm": 0.25, "cold": 0.08}  # planted: who accept
ASKED = 900  # people by each script
REPRESENTATIVES, CUSTOMERS = 8, 300  # of a merchant, and of each
PURCHASES = {True: 0.24, False: 0.12}  # planted: by whether the first question was answered at once
BEST = {"m-alike": 1.0, "m-apart": 2.5}  # planted: how much more the last representative sells
AT_ONCE, LATER = 5 * MINUTE, 50 * MINUTE


def simulate_prospects(out: Path, end: date, *, seed: int = 7) -> None:
    """Write a landing and its truth (`_truth.json`) into a new folder.

    Raises:
        FileExistsError: the folder is there already.
    """
    out.mkdir(parents=True)
    calendar = Calendar(end, DAYS)
    delivering, *happening = (np.random.default_rng([seed, number]) for number in range(5))
    outbox = Outbox(out, calendar, delivering)
    _watch(calendar, outbox, happening[0])
    _ask(calendar, outbox, happening[1])
    for (merchant, best), rng in zip(BEST.items(), happening[2:], strict=True):
        _answer(calendar, outbox, rng, merchant, best)
    for day in range(calendar.days):
        outbox.write(day)
    truth = {
        "seed": seed,
        "first_day": calendar.first.isoformat(),
        "as_of": calendar.end.isoformat(),
        "events": dict(sorted(outbox.planted.events.items())),
        "erasable_users": [],
        "accepted": SCRIPTS,
        "purchases": {"at_once": PURCHASES[True], "later": PURCHASES[False]},
        "best_representative": BEST,
    }
    (out / "_truth.json").write_bytes(msgspec.json.encode(truth) + b"\n")


def _watch(calendar: Calendar, outbox: Outbox, rng: np.random.Generator) -> None:
    """Leads who watch one live each, and buy by how much and how lately, once for each cohort that they are in."""
    merchant, count = "m-leads", LEADS * len(COHORTS)
    scored = np.array([calendar.days - 1 - before for before in COHORTS])
    visited = np.repeat(scored, LEADS) - rng.integers(1, 11, count)
    for day in np.unique(visited).tolist():
        for event, hour in (("started", 19), ("ended", 22)):
            at = np.array([calendar.midnight(day) + hour * HOUR])
            outbox.add(f"stream.live_{event}.v1", at, live_id=[f"l-{day}"], merchant_id=[merchant])
    people, lives = [f"u-lead-{k}" for k in range(count)], [f"l-{day}" for day in visited.tolist()]
    joined = np.array([calendar.midnight(day) for day in visited.tolist()]) + 20 * HOUR + rng.integers(0, 30 * MINUTE, count)
    minutes = rng.uniform(0, WATCHED, count)
    outbox.add(
        "shop.user_registered.v1",
        joined - HOUR,
        user_id=people,
        region=["CN-JL"] * count,
        city_tier=[3] * count,
        gender=rng.choice(["female", "male"], count).tolist(),
        birth_year=rng.integers(calendar.end.year - 60, calendar.end.year - 18, count).tolist(),
    )
    outbox.add("stream.viewer_joined.v1", joined, live_id=lives, user_id=people)
    outbox.add("stream.viewer_left.v1", joined + (minutes * MINUTE).astype(np.int64) + 1, live_id=lives, user_id=people)
    is_bought = np.zeros(count, np.bool_)
    for day in scored.tolist():
        watching = np.minimum(MOST_POINTS, POINTS_A_MINUTE * minutes * 0.5 ** ((day - visited) / HALF_LIFE))
        chance = np.where((visited <= day) & ~is_bought, BOUGHT + BOUGHT_BY_WATCHING * watching / MOST_POINTS, 0)
        buying = np.flatnonzero(rng.random(count) < chance)
        is_bought[buying] = True
        _buy(outbox, merchant, [people[k] for k in buying], calendar.midnight(day + 1) + rng.integers(0, 30 * DAY, len(buying)))


def _ask(calendar: Calendar, outbox: Outbox, rng: np.random.Generator) -> None:
    """Calls on one day, by one script or the other."""
    scripts = np.repeat([*SCRIPTS], ASKED)
    accepts = rng.random(len(scripts)) < np.repeat([*SCRIPTS.values()], ASKED)
    outbox.add(
        "shop.outreach_made.v1",
        calendar.midnight(calendar.days - 30) + 10 * HOUR + rng.integers(0, 8 * HOUR, len(scripts)),
        merchant_id=["m-scripts"] * len(scripts),
        user_id=[f"u-asked-{k}" for k in range(len(scripts))],
        kind=["call"] * len(scripts),
        result=np.where(accepts, "accepted", "no_answer").tolist(),
        script=scripts.tolist(),
    )


def _answer(calendar: Calendar, outbox: Outbox, rng: np.random.Generator, merchant: str, best: float) -> None:
    """Customers who ask first, one after another, are answered, and buy or do not two days later."""
    count = REPRESENTATIVES * CUSTOMERS
    people = [f"u-{merchant}-{k}" for k in range(count)]
    representatives = [f"r-{k % REPRESENTATIVES + 1}" for k in range(count)]
    is_at_once = rng.random(count) < 0.5
    asked = calendar.midnight(calendar.days - 40) + rng.integers(10 * HOUR, 20 * HOUR, count)
    answered = asked + np.where(is_at_once, AT_ONCE, LATER)
    for direction, at in (("in", asked), ("out", answered)):
        outbox.add(
            "shop.direct_message.v1",
            at,
            merchant_id=[merchant] * count,
            user_id=people,
            direction=[direction] * count,
            rep_id=representatives,
        )
    chance: Floats = np.where(is_at_once, PURCHASES[True], PURCHASES[False])
    chance[REPRESENTATIVES - 1 :: REPRESENTATIVES] *= best
    buying = np.flatnonzero(rng.random(count) < chance)
    _buy(outbox, merchant, [people[k] for k in buying], asked[buying] + 2 * DAY)


def _buy(outbox: Outbox, merchant: str, people: Sequence[str], at: Ints) -> None:
    outbox.add(
        "shop.order_paid.v1",
        at,
        merchant_id=[merchant] * len(people),
        order_id=[f"o-{person}" for person in people],
        user_id=[*people],
        amount=["50.00"] * len(people),
        currency=["CNY"] * len(people),
    )


def main() -> int:
    given = parser(__doc__, date(2026, 3, 31)).parse_args()
    return status(lambda: simulate_prospects(given.out, given.end, seed=given.seed))


if __name__ == "__main__":
    sys.exit(main())
