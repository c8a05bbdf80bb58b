"""The paid channel that the simulator plants, which converts worst and repurchases best, is found in channel_returns."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from contract.events import EVENT_TYPES
from contract.settings import Settings
from dbt_project.build import run_dbt
from simulator.__main__ import END
from simulator.platform import Plan, simulate
from tests.dbt_project.tiny_lake import TinyLake
from tests.simulator.landing import Landing, read_landing

TYPES = {
    "fan_followed", "page_viewed", "share_created", "share_opened", "coupon_claimed", "live_started", "live_ended",
    "viewer_joined", "order_paid", "order_refunded", "chat_created", "member_joined", "spend_recorded",
}  # fmt: skip
PLAN = Plan(seed=7, events=70_000, days=110, end=END)


def _lake(landing: Landing, home: Path) -> Settings:
    settings = Settings.from_environment({"FANOUT_HOME": str(home)})
    lake = TinyLake(settings)
    for event_type in EVENT_TYPES.values():
        if event_type.short_name not in TYPES:
            continue
        known = {column.name for column in event_type.fields} - {"lines"}  # of which no channel knows anything
        for event in landing.events[event_type.name]:
            data = {key: value for key, value in event.data.items() if key in known and value is not None}
            if "amount" in data:
                data["amount"] = str(data["amount"])  # JSON has some as numbers
            lake.add(event_type.short_name, event.at.isoformat(), **data)
    lake.write()
    return settings


def test_the_planted_channel_converts_worst_and_repurchases_best(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    simulate(PLAN, landing)
    truth = json.loads((landing / "_truth.json").read_bytes())
    settings = _lake(read_landing(landing, truth), tmp_path / "home")
    # neither the tests of the models nor the marts beside them
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    assert run_dbt(settings, END, "build", *kinds, "-s", "+channel_returns").success
    with duckdb.connect(str(settings.warehouse(END)), read_only=True) as connection:
        rates = {
            channel: (is_paid, conversion, repurchase)
            for channel, is_paid, conversion, repurchase in connection.execute("""
                select channel, is_paid, sum(buyers) / sum(arrivals), sum(repeat_buyers) / sum(buyers)
                from marts.channel_returns group by channel, is_paid having sum(arrivals) >= 100
            """).fetchall()
        }
    planted = truth["paid_channel_that_converts_worst_and_repurchases_best"]
    paid = {channel for channel, (is_paid, _, _) in rates.items() if is_paid}
    assert planted in paid
    assert len(paid) > 1
    _, conversion, repurchase = rates[planted]
    assert all(conversion < 0.9 * rates[channel][1] for channel in paid - {planted})
    assert all(repurchase > 1.05 * rates[channel][2] for channel in rates.keys() - {planted})
