"""The platform on which a lever falls: its truth beside its landing, its law beside what was drawn."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from simulator.calendar import Calendar
from simulator.shocks import DAYS, happen, simulate_shocks
from tests.exports.contents import contents
from tests.simulator.landing import Event, Landing, read_landing

END = date(2026, 3, 10)
USUAL = {"visitors": 100.0, "conversion": 0.5, "order_value": 100.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shocks") / "landing"
    simulate_shocks(out, END)
    return out


@pytest.fixture(scope="module")
def landing(folder: Path) -> Landing:
    return read_landing(folder, json.loads((folder / "_truth.json").read_bytes()))


def test_the_landing_has_what_happened_and_all_of_it_is_accepted(landing: Landing) -> None:
    happened: Counter[str] = Counter()
    for events in happen(Calendar(END, DAYS), 1, 7):
        happened[events.type] += len(events.at)
    assert landing.counts == landing.truth["events"] == happened
    assert {*landing.truth["lever"].values()} == {*USUAL, "quiet"}


def _by_shop(events: list[Event], days: range) -> dict[str, list[Event]]:
    """The events of some days ago, by shop."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if (END - event.day).days in days:
            found[event.data["merchant_id"]].append(event)
    return found


def test_the_lever_of_a_shop_falls_and_no_other(landing: Landing) -> None:
    """Of some 600 visitors in six days, within three errors; weekends, which bring a fifth more, are a seventh of a week."""
    first = date.fromisoformat(landing.truth["fallen_from"])
    fallen = range((END - first).days + 1)
    assert len(fallen) == 6
    views, orders = (_by_shop(landing.of(name), fallen) for name in ("page_viewed", "order_paid"))
    weekend = sum((END - timedelta(days=ago)).weekday() >= 5 for ago in fallen)
    for shop, lever in landing.truth["lever"].items():
        paid = [float(order.data["amount"]) for order in orders[shop]]
        seen = {
            "visitors": len(views[shop]) / (len(fallen) + 0.2 * weekend),
            "conversion": len(paid) / len(views[shop]),
            "order_value": sum(paid) / len(paid),
        }
        error = {"visitors": 10 / 6**0.5, "conversion": 0.5 / len(views[shop]) ** 0.5, "order_value": 16.7 / len(paid) ** 0.5}
        for name, usual in USUAL.items():
            wanted = usual * (landing.truth["falls_to"] if name == lever else 1)
            assert seen[name] == pytest.approx(wanted, abs=3 * error[name]), (shop, name)


def test_before_all_shops_are_alike_but_for_the_festival_that_all_have(landing: Landing) -> None:
    """28 days with and without the festival: some 4,900 orders against 50 a day."""
    for ago, rush in ((range(8, 29), 1.6), (range(29, 109), 1.0)):
        orders = _by_shop(landing.of("order_paid"), ago)
        assert orders.keys() == landing.truth["lever"].keys()
        for shop, bought in orders.items():
            weekend = sum((END - timedelta(days=day)).weekday() >= 5 for day in ago)
            assert len(bought) / (len(ago) + 0.2 * weekend) == pytest.approx(50 * rush, rel=0.08), shop


def test_the_same_seed_gives_the_same_bytes_and_no_folder_is_overwritten(folder: Path, tmp_path: Path) -> None:
    simulate_shocks(tmp_path / "again", END)
    assert contents(tmp_path / "again") == contents(folder)
    with pytest.raises(FileExistsError):
        simulate_shocks(folder, END)
