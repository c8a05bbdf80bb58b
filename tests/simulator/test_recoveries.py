"""The platform on which calls help: its truth beside its landing, its law beside what was drawn."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from simulator.recoveries import simulate_recoveries
from tests.exports.contents import contents
from tests.simulator.landing import Landing, read_landing

END = date(2026, 3, 31)


def simulated(out: Path, holdout_share: float) -> Landing:
    simulate_recoveries(out, END, holdout_share=holdout_share)
    return read_landing(out, json.loads((out / "_truth.json").read_bytes()))


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return simulated(tmp_path_factory.mktemp("recoveries") / "landing", 0.2)


def test_every_event_is_accepted(landing: Landing) -> None:
    assert landing.counts == landing.truth["events"]
    assert landing.counts["shop.merchant_onboarded.v1"] == 3_000


def test_the_truth_is_what_the_landing_shows(landing: Landing) -> None:
    sold: dict[str, list[date]] = defaultdict(list)
    for event in landing.of("order_paid"):
        sold[event.data["merchant_id"]].append(event.day)
    calls = {event.data["merchant_id"]: event for event in landing.of("success_call")}
    merchants = landing.truth["merchants"]
    assert len(merchants) == 3_000
    for merchant in merchants:
        listed_on = date.fromisoformat(merchant["listed_on"])
        again = [day for day in sold[merchant["merchant_id"]] if day > listed_on]
        assert bool(again) == merchant["is_recovered"]
        assert all(listed_on + timedelta(days=1) < day < listed_on + timedelta(days=28) for day in again)
        call = calls.get(merchant["merchant_id"])
        assert merchant["step"] == (call and call.data["step"])
        assert call is None or call.day == listed_on + timedelta(days=1)
    assert landing.truth["events"]["shop.success_call.v1"] == len(calls) > 800


def test_who_is_held_out_is_drawn_by_the_hash_and_never_called(landing: Landing) -> None:
    merchants = landing.truth["merchants"]
    held_out = {merchant["merchant_id"] for merchant in merchants if merchant["is_held_out"]}
    digests = {one["merchant_id"]: sha256(f"fanout:{one['merchant_id']}".encode()).digest() for one in merchants}
    assert held_out == {name for name, digest in digests.items() if int.from_bytes(digest[:4], "big") < 0.2 * 2**32}
    assert 500 < len(held_out) < 700
    assert [one for one in merchants if one["is_held_out"] and one["step"]] == []


def test_a_step_that_helps_adds_what_was_planted(landing: Landing) -> None:
    """By risk alone, within 0.1: about 250 merchants a cell, an error of 0.03 each."""
    uplift = landing.truth["planted_uplift"]
    assert sorted(uplift.values()) == [0.0, 0.25]
    for step in (None, *uplift):
        came = [one for one in landing.truth["merchants"] if one["step"] == step]
        law = [1.2 - 1.3 * one["churn_probability"] + 0.1 * (one["plan"] == "basic") + uplift.get(step, 0.0) for one in came]
        rate = sum(one["is_recovered"] for one in came) / len(came)
        assert len(came) > 200
        assert rate == pytest.approx(sum(min(max(p, 0), 1) for p in law) / len(law), abs=0.1)


def test_the_same_seed_gives_the_same_bytes_and_no_folder_is_overwritten(tmp_path: Path) -> None:
    for name in ("one", "two"):
        simulate_recoveries(tmp_path / name, END, merchants=200)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    with pytest.raises(FileExistsError):
        simulate_recoveries(tmp_path / "one", END, merchants=200)
