"""A platform of two merchants whose ids are alike, built once for the suite; the tests have its figures by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contract.settings import Settings
from dbt_project.build import build
from tests.dbt_project.tiny_lake import TinyLake, write_derived

AS_OF = date(2026, 4, 10)
LINES = [{"product_id": "p", "quantity": 2, "unit_price": Decimal("10.00")}]


def _fans_and_orders(lake: TinyLake) -> None:
    lake.add("merchant_onboarded", "2026-03-01T09:00:00+08:00", merchant_id="m1", name="Tea", region="CN-SH")
    lake.add("merchant_onboarded", "2026-03-15T09:00:00+08:00", merchant_id="m1", name="Tea and cups", plan="pro")
    lake.add("user_registered", "2026-03-01T09:00:00+08:00", user_id="a", region="CN-SH")
    lake.add("user_registered", "2026-03-20T09:00:00+08:00", user_id="lead", region="CN-JL")
    lake.add("fan_followed", "2026-03-01T10:00:00+08:00", merchant_id="m1", user_id="a")
    lake.add("fan_followed", "2026-03-02T10:00:00+08:00", merchant_id="m1", user_id="b", via_share_id="s1")
    lake.add("fan_unfollowed", "2026-03-02T11:00:00+08:00", merchant_id="m1", user_id="b")
    lake.add("fan_followed", "2026-03-02T12:00:00+08:00", merchant_id="m1", user_id="b")
    lake.add("share_opened", "2026-03-02T09:00:00+08:00", merchant_id="m1", user_id="b", share_id="s1")
    lake.add("share_opened", "2026-03-04T09:00:00+08:00", merchant_id="m1", user_id="c", share_id="s2")
    lake.add("share_opened", "2026-03-04T09:00:00+08:00", merchant_id="m1", user_id="c", share_id="nobody's")
    for share_id, user_id in (("s1", "a"), ("s2", "b")):
        what = {"object_type": "page", "object_id": "x", "channel": "group"}
        lake.add("share_created", "2026-03-01T08:00:00+08:00", merchant_id="m1", share_id=share_id, user_id=user_id, **what)
    lake.add("share_created", "2026-04-01T20:05:00+08:00", merchant_id="m2", share_id="s1", user_id="z", **what)
    # The refund comes before its order; the order is o1 at m2 too.
    _refund(lake, "2026-03-04T10:00:00+08:00", "r1", "o1", "50.00")
    _order(lake, "2026-03-05T10:00:00+08:00", "m1", "o1", "c", "100.01", via_share_id="s2")
    _order(lake, "2026-03-06T10:00:00+08:00", "m1", "o1", "c", "999.00", via_share_id="s2")  # the earliest counts
    _order(lake, "2026-03-31T23:59:59+08:00", "m1", "o2", "a", "20.00", via_share_id="nobody's", lines=LINES)
    _order(lake, "2026-04-11T00:00:00+08:00", "m1", "o3", "a", "1.00")  # after as_of, though not in UTC
    _order(lake, "2026-04-01T20:11:00+08:00", "m2", "o1", "b", "7.00", via_share_id="s1", live_id="l1")
    product = {"merchant_id": "m1", "product_id": "p", "list_price": "12.00", "cost": "4.00"}
    lake.add("product_listed", "2026-03-02T10:00:00+08:00", **product)
    lake.add("page_viewed", "2026-03-01T11:00:00+08:00", merchant_id="m1", user_id="a", object_type="page", object_id="x")


def _order(lake: TinyLake, time: str, merchant_id: str, order_id: str, user_id: str, amount: str, **more: Any) -> None:
    ids = {"merchant_id": merchant_id, "order_id": order_id, "user_id": user_id}
    lake.add("order_paid", time, **ids, amount=amount, currency="CNY", **more)


def _refund(lake: TinyLake, time: str, refund_id: str, order_id: str, amount: str) -> None:
    ids = {"merchant_id": "m1", "refund_id": refund_id, "order_id": order_id}
    lake.add("order_refunded", time, **ids, amount=amount, currency="CNY")


def _teams(lake: TinyLake) -> None:
    team = {"merchant_id": "m1", "leader_id": "lead", "product_id": "p", "size_required": 2}
    # The last second of March in Shanghai; the join is in April.
    lake.add("team_opened", "2026-03-31T23:59:59+08:00", team_id="t1", **team, expires_at="2026-04-02T00:00:00+08:00")
    lake.add("team_joined", "2026-04-01T00:00:00+08:00", team_id="t1", user_id="a")
    lake.add("team_joined", "2026-04-02T00:00:00+08:00", team_id="t1", user_id="too late")
    lake.add("team_opened", "2026-04-09T00:00:00+08:00", team_id="t2", **team, expires_at="2026-04-20T00:00:00+08:00")
    failing = team | {"team_id": "t3", "leader_id": "x", "expires_at": "2026-04-10T00:00:00+08:00"}
    lake.add("team_opened", "2026-04-09T00:00:00+08:00", **failing)
    lake.add("chat_created", "2026-03-01T00:00:00+08:00", group_id="g1", owner_id="a", merchant_id="m1")
    lake.add("member_joined", "2026-03-01T00:00:00+08:00", group_id="g1", user_id="b")
    lake.add("message_posted", "2026-03-31T00:00:00+08:00", group_id="g1", user_id="b")


def _lives(lake: TinyLake) -> None:
    lake.add("live_started", "2026-04-01T20:00:00+08:00", live_id="l1", merchant_id="m2")
    lake.add("live_ended", "2026-04-01T20:10:00+08:00", live_id="l1", merchant_id="m2")
    lake.add("viewer_joined", "2026-04-01T20:01:00+08:00", live_id="l1", user_id="a")
    lake.add("viewer_joined", "2026-04-01T20:01:30+08:00", live_id="l1", user_id="a")  # already there
    lake.add("viewer_left", "2026-04-01T20:03:00+08:00", live_id="l1", user_id="a")
    lake.add("viewer_joined", "2026-04-01T20:02:00+08:00", live_id="l1", user_id="b")  # stays to the end
    lake.add("viewer_joined", "2026-04-02T20:00:00+08:00", live_id="l1", user_id="c", is_replay=True)
    lake.add("interaction", "2026-04-01T20:02:30+08:00", live_id="l1", user_id="a", kind="product_click")
    lake.add("interaction", "2026-04-01T20:02:40+08:00", live_id="l1", user_id="a", kind="comment")


def _derived(settings: Settings) -> None:
    """What Spark makes of it: at m1 the share s1 of a with the child s2 of b, at m2 s1 of z; too few buyers for a model."""
    tree = {"root_share_id": "s1", "shared_at": datetime(2026, 3, 1, tzinfo=UTC), "channel": "group"}
    root = tree | {"share_id": "s1", "parent_status": "root", "depth": 0}
    child = tree | {"share_id": "s2", "parent_share_id": "s1", "parent_status": "declared", "depth": 1}
    tea, cups = {"revenue": Decimal("50.01"), "orders": 1}, {"revenue": Decimal("7.00"), "orders": 1}

    def subtree(shares: int, figures: dict[str, Any]) -> dict[str, Any]:
        return {"subtree_shares": shares} | {f"subtree_{name}": value for name, value in figures.items()}

    nodes = [
        root | {"merchant_id": "m1", "user_id": "a"} | subtree(2, tea),
        child | {"merchant_id": "m1", "user_id": "b"} | subtree(1, tea),
        root | {"merchant_id": "m2", "user_id": "z"} | subtree(1, cups),
    ]
    write_derived(settings, "cascade_nodes", AS_OF, nodes)
    what = {"root_share_id": "s1", "object_type": "page", "object_id": "x", "seconds_to_half": 0.0}
    what["started_at"] = tree["shared_at"]
    cascades = [
        {"merchant_id": "m1", "root_user_id": "a", "shares": 2, "sharers": 2, "reach": 2, "depth": 1, "max_breadth": 1} | tea,
        {"merchant_id": "m2", "root_user_id": "z", "shares": 1, "sharers": 1, "reach": 0, "depth": 0, "max_breadth": 1} | cups,
    ]
    write_derived(settings, "cascades", AS_OF, [what | cascade for cascade in cascades])
    layer = {"root_share_id": "s1", "shares": 1, "sharers": 1, "openers": 1, "orders": 0, "revenue": Decimal(0)}
    layers = [
        {"merchant_id": "m1", "depth": 0},
        {"merchant_id": "m1", "depth": 1} | tea,
        {"merchant_id": "m2", "depth": 0} | cups,
    ]
    write_derived(settings, "cascade_layers", AS_OF, [layer | one for one in layers])
    buyers = [("m1", "a"), ("m1", "c"), ("m2", "b")]
    write_derived(settings, "lifetime_value", AS_OF, [{"merchant_id": m, "user_id": u} for m, u in buyers])
    stage = {"stage": "launching", "churn_probability": 0.0, "is_churn_flagged": False, "model_version": "none"}
    stage |= {"capacity": 100} | dict.fromkeys(("revenue_28d", "revenue_prev_28d", "expected_loss", "at_stake"), Decimal(0))
    stage |= {"reasons": []}
    write_derived(settings, "merchant_churn_flags", AS_OF, [stage | {"merchant_id": merchant} for merchant in ("m1", "m2")])


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, Any]]:
    """The settings of the platform, and the report of its build."""
    home = tmp_path_factory.mktemp("dbt")
    settings = Settings.from_environment({"FANOUT_HOME": str(home)})
    lake = TinyLake(settings)
    _fans_and_orders(lake)
    _teams(lake)
    _lives(lake)
    lake.add_line("shop", "duplicate")
    lake.add_line("shop", "erased")
    lake.add_line("shop", "withdrawn", reason="a test feed")
    lake.add_line("shop", "quarantined", reason="bad_enum", event_id="bad")
    lake.write()
    _derived(settings)
    return settings, build(settings, AS_OF)


@pytest.fixture(scope="session")
def warehouse(built: tuple[Settings, dict[str, Any]]) -> Path:
    return built[0].warehouse(AS_OF)


@pytest.fixture
def marts(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A reader's connection to the platform's warehouse."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("use marts")
        yield connection
