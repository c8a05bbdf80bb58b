"""Journeys and pages of a simulated platform: every row against a walk through the events, and the planted leak is found."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from statistics import median
from typing import Any

import duckdb
import pytest

from contract.events import EVENT_TYPES
from contract.settings import Settings
from dbt_project.build import run_dbt
from simulator.platform import Plan, simulate
from tests.dbt_project.tiny_lake import TinyLake
from tests.simulator.landing import Landing, read_landing

END = date(2026, 4, 30)
TYPES = ("page_viewed", "share_created", "share_opened", "coupon_claimed", "order_paid", "live_started", "viewer_joined")


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    out = tmp_path_factory.mktemp("journeys") / "landing"
    simulate(Plan(seed=7, events=20_000, days=60, end=END), out)
    return read_landing(out, json.loads((out / "_truth.json").read_bytes()))


@pytest.fixture(scope="module")
def lake(landing: Landing, tmp_path_factory: pytest.TempPathFactory) -> TinyLake:
    lake = TinyLake(Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("journeys"))}))
    for name in TYPES:
        [fields] = [{field.name for field in event.fields} for event in EVENT_TYPES.values() if event.short_name == name]
        for event in landing.of(name):
            data = {key: value for key, value in event.data.items() if key in fields - {"lines"}}
            data |= {"amount": str(data["amount"])} if "amount" in data else {}
            lake.add(name, event.at.isoformat(), **data)
    lake.write()
    return lake


@pytest.fixture(scope="module")
def warehouse(lake: TinyLake) -> Iterator[duckdb.DuckDBPyConnection]:
    path = lake.settings.warehouse(END)
    path.parent.mkdir(parents=True)
    assert run_dbt(lake.settings, END, "run", "--select", "+journeys", "+leaking_pages").success
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield connection


@pytest.fixture(scope="module")
def walked(lake: TinyLake) -> dict[Journey, list[Activity]]:
    return _journeys(_activities(lake))


Journey = tuple[str, str, int]


@dataclass(frozen=True, order=True)
class Activity:
    at: datetime
    event_id: str
    source: str
    day: date
    kind: str
    page: tuple[str, str] | None = None
    session: str | None = None
    dwell: int | None = None
    order: str | None = None
    paid: Decimal = Decimal(0)


def _activities(lake: TinyLake) -> dict[tuple[str, str], list[Activity]]:
    """By merchant and person, in their order."""
    events = sorted((row for rows in lake.rows.values() for row in rows), key=lambda row: (row["event_time"], row["event_id"]))
    shares: dict[tuple[str, str], tuple[str, str]] = {}
    lives: dict[str, str] = {}
    for row in events:
        if row["event_type"] == "shop.share_created.v1":
            shares.setdefault((row["merchant_id"], row["share_id"]), (row["object_type"], row["object_id"]))
        if row["event_type"] == "stream.live_started.v1":
            lives.setdefault(row["live_id"], row["merchant_id"])
    found: dict[tuple[str, str], list[Activity]] = defaultdict(list)
    paid: set[tuple[str, str]] = set()
    for row in events:
        merchant = row.get("merchant_id", "")  # a join of a live stream names the live alone
        more: dict[str, Any] = {}
        match row["event_type"].split(".")[1]:
            case "page_viewed":
                more = {"page": (row["object_type"], row["object_id"])}
                more |= {"session": row.get("session_id"), "dwell": row.get("dwell_ms")}
            case "share_opened" if (merchant, row["share_id"]) in shares:
                more = {"page": shares[merchant, row["share_id"]]}
            case "viewer_joined" if row["live_id"] in lives:
                merchant = lives[row["live_id"]]
            case "order_paid" if (merchant, row["order_id"]) not in paid:
                paid.add((merchant, row["order_id"]))
                more = {"order": row["order_id"], "paid": row["amount"]}
            case "coupon_claimed":
                pass
            case _:
                continue
        kind = row["event_type"].split(".")[1]
        who = (row["event_time"], row["event_id"], row["event_source"], row["event_date"], kind)
        found[merchant, row["user_id"]].append(Activity(*who, **more))
    return {person: sorted(activities) for person, activities in found.items()}


def _journeys(activities: dict[tuple[str, str], list[Activity]]) -> dict[Journey, list[Activity]]:
    journeys: dict[Journey, list[Activity]] = {}
    for (merchant, user), some in activities.items():
        number = 0
        known: str | None = None
        before: datetime | None = None
        for activity in some:
            is_other = activity.kind == "page_viewed" and None not in (activity.session, known) and activity.session != known
            if before is None or activity.at - before > timedelta(minutes=30) or is_other:
                number, known = number + 1, None
                journeys[merchant, user, number] = []
            if activity.session is not None:
                known = activity.session
            before = activity.at
            journeys[merchant, user, number].append(activity)
    return journeys


def test_journeys(warehouse: duckdb.DuckDBPyConnection, walked: dict[Journey, list[Activity]]) -> None:
    expected: dict[Any, tuple[Any, ...]] = {}
    for key, some in walked.items():
        kinds = [activity.kind for activity in some]
        seen = [activity.page for activity in some if activity.page]
        dwells = [activity.dwell for activity in some if activity.dwell is not None]
        orders = [activity for activity in some if activity.order]
        expected[key] = (
            *(instant.replace(tzinfo=None) for instant in (some[0].at, some[-1].at)),
            some[0].day,
            *(kinds.count(kind) for kind in ("page_viewed", "share_opened", "coupon_claimed", "viewer_joined", "order_paid")),
            sum(kind == "product" for kind, _ in seen),
            sum(dwells) if dwells else None,
            sum((order.paid for order in orders), Decimal(0)),
            orders[0].order if orders else None,
            (orders[0].at - some[0].at).total_seconds() if orders else None,
        )
    columns = "started_at, ended_at, start_date, page_views, share_opens, coupon_claims, live_visits, orders, product_views"
    columns += ", dwell_ms, paid, first_order_id, seconds_to_order"
    rows = warehouse.execute(f"select merchant_id, user_id, journey_number, {columns} from journeys").fetchall()
    assert {row[:3]: row[3:] for row in rows} == expected
    assert len(rows) == len(expected) > 3_000
    assert sum(len(some) > 1 for some in walked.values()) > 500


def _wilson(part: int, whole: int) -> tuple[float, float]:
    z, p = 1.959963984540054, part / whole
    middle, half = p + z * z / (2 * whole), z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole))
    return (middle - half) / (1 + z * z / whole), (middle + half) / (1 + z * z / whole)


def test_page_funnel(warehouse: duckdb.DuckDBPyConnection, walked: dict[Journey, list[Activity]]) -> None:
    """The 28 days to 30 April begin on the third."""
    visits: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for (merchant, user, _), some in walked.items():
        if some[0].day < date(2026, 4, 3):
            continue
        for page in {activity.page for activity in some if activity.kind == "page_viewed" and activity.page}:
            views = [k for k, activity in enumerate(some) if activity.kind == "page_viewed" and activity.page == page]
            is_paid = any(activity.order for activity in some[views[0] :])
            dwells = [some[k].dwell for k in views if some[k].dwell is not None]
            visits[merchant, *page].append((user, len(views), views[0] == 0, views[-1] == len(some) - 1, is_paid, dwells))
    kinds: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for (merchant, kind, _), ended in visits.items():
        kinds[merchant, kind] += [visit[4] for visit in ended]
    expected: dict[Any, tuple[Any, ...]] = {}
    for key, ended in visits.items():
        users, counts, entrances, exits, paid, times_of = zip(*ended, strict=True)
        times = [dwell for one in times_of for dwell in one]
        alike = kinds[key[0], key[1]]
        expected[key] = (
            sum(counts), len(set(users)), len(ended), sum(entrances), sum(exits), sum(paid),
            pytest.approx((sum(exits) / len(ended), *_wilson(sum(exits), len(ended))), abs=1e-9),
            pytest.approx((sum(paid) / len(ended), *_wilson(sum(paid), len(ended))), abs=1e-9),
            pytest.approx(len(ended) * sum(alike) / len(alike)),
            median(times) if times else None,
        )  # fmt: skip
    columns = """views, viewers, journeys, entrances, exits, paid_journeys, (exit_rate, exit_rate_lo, exit_rate_hi),
        (conversion, conversion_lo, conversion_hi), expected_paid_journeys, median_dwell_ms"""
    rows = warehouse.execute(f"select merchant_id, object_type, object_id, {columns} from page_funnel").fetchall()
    assert {row[:3]: row[3:] for row in rows} == expected
    assert len(rows) == len(expected) > 100
    assert sum(row[8] > 0 for row in rows) > 10


def test_the_planted_pages_leak_and_no_others(warehouse: duckdb.DuckDBPyConnection, landing: Landing) -> None:
    planted = landing.truth["leaking_pages"]
    assert len(planted) >= 2
    query = "select merchant_id, object_type, object_id, exit_rate, other_exit_rate, advice from leaking_pages"
    found = {row[:3]: row[3:] for row in warehouse.execute(query).fetchall()}
    assert found.keys() == {(page["merchant_id"], page["object_type"], page["object_id"]) for page in planted}
    for page in planted:
        exit_rate, other, advice = found[page["merchant_id"], page["object_type"], page["object_id"]]
        assert exit_rate == pytest.approx(page["planted_share_of_leavers"], abs=0.15)  # others of the platform view it, too
        assert other < 0.5
        assert advice == "unread"
