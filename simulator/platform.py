"""Runs the platform day by day and writes what it delivers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from simulator.calendar import Calendar
from simulator.calls import call_merchants
from simulator.campaigns import plan_campaigns
from simulator.cases import keep_cases, record_partnerships
from simulator.chats import chat
from simulator.delivery import Outbox
from simulator.live import stream
from simulator.merchants import run_merchants
from simulator.people import register
from simulator.representatives import write_to_each_other
from simulator.shop import buy_by_habit, come_and_go, look_around, reach_out, send_red_packets
from simulator.spread import Roots, go_viral, share_daily, share_stars, spread
from simulator.teams import team_up
from simulator.trials import try_out
from simulator.truth import write_future_truth, write_truth
from simulator.visits import visit_pages
from simulator.world import World, build_world

EVENTS_PER_PERSON_DAY = 0.155


@dataclass(frozen=True)
class Plan:
    """What to simulate; `events` is reached approximately, through the number of people."""

    seed: int
    events: int
    days: int
    end: date
    future_days: int = 0

    @property
    def people(self) -> int:
        return max(90, round(self.events / self.days / EVENTS_PER_PERSON_DAY))


def simulate(plan: Plan, out: Path) -> tuple[World, Outbox]:
    """Write the landing of a plan into `out`: `shop`, `group`, `stream`.

    Beside them, where no ingest reads, lie the truth (`_truth.json`) and, if the plan has future days, the future (`_future`).

    The landing does not depend on `future_days`. Memory holds the state of the platform and the lines of some days. The folder
    gets its name once it is complete.

    Raises:
        FileExistsError: `out` holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} is not empty; name a new folder")
    partial = out.parent / f".{out.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    calendar = Calendar(plan.end, plan.days, plan.future_days)
    happening, delivering, calling, dealing, trying, leading, visiting = (
        np.random.default_rng([plan.seed, number]) for number in (1, 2, 3, 4, 7, 8, 9)
    )
    future = partial / "_future" if plan.future_days else None
    outbox = Outbox(partial, calendar, delivering, future)
    world = build_world(happening, calendar, plan.people)
    for day in range(plan.days):
        live_a_day(world, outbox, happening, dealing, leading, day)
        call_merchants(world, outbox, calling, day)
        visit_pages(world, outbox, visiting, day)
        try_out(world, outbox, trying, day)
        outbox.write(day)
    write_truth(partial / "_truth.json", world, outbox, plan.seed)
    for day in range(plan.days, plan.days + plan.future_days):
        live_a_day(world, outbox, happening, dealing, leading, day)
        call_merchants(world, outbox, calling, day)
        visit_pages(world, outbox, visiting, day)
        try_out(world, outbox, trying, day)
        outbox.write(day)
    if future is not None:
        write_future_truth(future / "_truth.json", world)
    if out.exists():
        out.rmdir()
    partial.rename(out)
    return world, outbox


def live_a_day(
    world: World,
    outbox: Outbox,
    rng: np.random.Generator,
    dealing: np.random.Generator,
    leading: np.random.Generator,
    day: int,
) -> None:
    """Everything that begins on a day; some of it ends on later days. What `dealing` and `leading` draw moves no other draw."""
    activity = world.merchants.activity(day)
    record_partnerships(world, outbox, dealing, day)
    plan_campaigns(world, outbox, dealing, day)
    keep_cases(world, outbox, dealing, day)
    run_merchants(world.merchants, world.calendar, outbox, rng, day)
    register(world.people, world.calendar, outbox, rng, day)
    come_and_go(world, outbox, rng, leading, day)
    chat(world, outbox, rng, day, activity)
    opens = share_daily(world, outbox, rng, day, activity)
    share_stars(world, outbox, rng, day, activity)
    go_viral(world, outbox, rng, day, activity)
    senders, at, packet = send_red_packets(world, outbox, rng, day, activity)
    spread(world, outbox, rng, Roots(senders, at + 1_000, ["red_packet"] * len(senders), packet))
    team_up(world, outbox, rng, day, activity, opens)
    stream(world, outbox, rng, day, activity)
    buy_by_habit(world, outbox, rng, day, activity)
    look_around(world, outbox, rng, day, activity)
    reach_out(world, outbox, rng, day, activity)
    write_to_each_other(world, outbox, dealing, day, activity)
