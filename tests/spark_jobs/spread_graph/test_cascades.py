"""Share trees worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.spark_jobs.spread_graph.scene import Row, one, opened, order, refund, share, tables_of

TREE = [
    share("a", "ann", day=-10),
    share("b", "bob", "a", day=-9, channel="moments"),
    share("c", "cy", "a", day=-8),
    share("d", "ann", "b", day=-6),
]


def status(share_id: str, *rows: Row) -> str:
    return str(one(tables_of(*rows)["cascade_nodes"], share_id=share_id)["parent_status"])


def test_a_tree_by_hand() -> None:
    tables = tables_of(
        *TREE,
        opened("a", "bob"),
        opened("a", "bob"),
        opened("a", "ann"),
        opened("d", "eve"),
        opened("nowhere", "fay"),
        order("o1", "bob", 10_00, "a"),
        order("o2", "eve", 7_50, "d"),
        refund("r1", "o2", 2_25),
        order("o3", "eve", 99_00, "nowhere"),
        order("o4", "eve", 99_00),
    )
    (cascade,) = tables["cascades"]
    assert cascade == {
        "merchant_id": "m",
        "root_share_id": "a",
        "root_user_id": "ann",
        "object_type": "product",
        "object_id": "p",
        "started_at": datetime(2026, 3, 22, tzinfo=UTC),
        "shares": 4,
        "sharers": 3,
        "reach": 3,  # bob, cy, eve
        "depth": 2,
        "max_breadth": 2,
        # distances ab ac ad bc bd cd
        "structural_virality": pytest.approx((1 + 1 + 2 + 2 + 1 + 3) / 6),
        "seconds_to_half": 86_400.0,
        "orders": 2,
        "revenue": Decimal("15.25"),
    }
    layers = {row["depth"]: row for row in tables["cascade_layers"]}
    assert len(layers) == 3
    assert [layers[depth]["shares"] for depth in range(3)] == [1, 2, 1]
    assert [layers[depth]["openers"] for depth in range(3)] == [2, 0, 1]  # who made the share counts among its openers
    assert [layers[depth]["revenue"] for depth in range(3)] == [Decimal("10.00"), Decimal("0.00"), Decimal("5.25")]
    b = one(tables["cascade_nodes"], share_id="b")
    assert (b["root_share_id"], b["parent_share_id"], b["parent_status"], b["depth"]) == ("a", "a", "declared", 1)
    assert (b["subtree_shares"], b["subtree_orders"], b["subtree_revenue"]) == (2, 1, Decimal("5.25"))


def test_why_a_share_is_a_root() -> None:
    parent = share("p", "ann", day=-5, thing=("product", "x"))
    assert status("p", parent) == "root"
    assert status("s", parent, share("s", "bob", "p", day=-4, thing=("product", "x"))) == "declared"
    assert status("s", parent, share("s", "bob", "gone", day=-4, thing=("product", "x"))) == "missing"
    assert status("s", parent, share("s", "bob", "p", day=-4, thing=("product", "y"))) == "other_object"
    assert status("s", parent, share("s", "bob", "p", day=-4, thing=("live", "x"))) == "other_object"
    assert status("s", parent, share("s", "bob", "p", day=-4, thing=("live", "y"))) == "other_object"
    assert status("s", parent, share("s", "bob", "s", day=-4, thing=("product", "x"))) == "self"
    assert status("s", parent, share("s", "bob", "p", day=-6, thing=("product", "x"))) == "time_inverted"
    assert status("s", share("s", "bob", "t"), share("t", "bob", "s")) == "cycle"
    assert status("t", share("s", "bob", "t"), share("t", "bob", "s")) == "declared"
    # a parent that is both later and of another object is of another object first
    assert status("s", parent, share("s", "bob", "p", day=-6, thing=("product", "y"))) == "other_object"


def test_a_parent_of_the_same_instant_holds() -> None:
    assert status("s", share("p", "ann"), share("s", "bob", "p")) == "declared"


def test_another_merchants_share_is_no_parent() -> None:
    assert status("s", share("p", "ann", merchant="n", day=-1), share("s", "bob", "p")) == "missing"


def test_one_share_id_at_two_merchants_is_two_shares() -> None:
    rows = [*TREE, share("a", "zoe", merchant="n", day=-3), opened("a", "yan", merchant="n")]
    cascades = tables_of(*rows)["cascades"]
    assert one(cascades, merchant_id="n")["reach"] == 1
    assert one(cascades, merchant_id="m")["reach"] == 2


def test_of_shares_with_one_id_the_earliest_counts_then_the_smaller_event_id() -> None:
    late, early = share("s", "late", day=-1), share("s", "early", day=-2)
    assert one(tables_of(late, early)["cascade_nodes"], share_id="s")["user_id"] == "early"
    tie = [share("s", user, day=-1, event=event) for user, event in (("ten", "e-10"), ("nine", "e-9"))]
    assert one(tables_of(*tie)["cascade_nodes"], share_id="s")["user_id"] == "ten"


def test_of_orders_and_refunds_with_one_id_the_earliest_counts() -> None:
    revenue = tables_of(
        share("s", "ann", day=-9),
        order("o", "bob", 10_00, "s", day=-5),
        order("o", "bob", 50_00, "s", day=-4),
        order("first", "bob", 8_00, day=-5),
        order("first", "bob", 8_00, "s", day=-4),  # the one that counts came by no share
        refund("r", "o", 1_00, day=-3),
        refund("r", "o", 9_00, day=-2),
    )["cascades"][0]["revenue"]
    assert revenue == Decimal("9.00")


def test_refunds_are_uncapped_and_need_their_order() -> None:
    rows = [
        share("s", "ann", day=-9),
        refund("early", "o", 30_00, day=-8),  # before its order, which is there by now
        order("o", "bob", 10_00, "s", day=-5),
        refund("lost", "unknown", 5_00),
        order("o", "bob", 10_00, merchant="n"),
    ]
    assert tables_of(*rows)["cascades"][0]["revenue"] == Decimal("-20.00")


def test_structural_virality_of_stars_and_chains() -> None:
    star = [share("s00", "u", day=-9)] + [share(f"s{i:02}", "u", "s00") for i in range(1, 20)]
    assert tables_of(*star)["cascades"][0]["structural_virality"] == pytest.approx(2 * 19 / 20)  # 2(n-1)/n
    chain = [share("s00", "u")] + [share(f"s{i:02}", "u", f"s{i - 1:02}") for i in range(1, 20)]
    assert tables_of(*chain)["cascades"][0]["structural_virality"] == pytest.approx(21 / 3)  # (n+1)/3
    assert tables_of(share("s", "u"))["cascades"][0]["structural_virality"] is None


def test_seconds_to_half_takes_the_half_rounded_up() -> None:
    rows = [share("s0", "u")] + [share(f"s{i}", "u", "s0", second=float(10**i)) for i in range(1, 5)]
    assert [tables_of(*rows[:n])["cascades"][0]["seconds_to_half"] for n in (1, 2, 3, 4, 5)] == [0, 0, 10, 10, 100]


def test_share_mix_counts_whenever_they_came() -> None:
    mix = tables_of(
        *TREE,
        share("old", "ann", day=-100, channel="direct"),
        opened("old", "bob", day=-1),
        opened("old", "ann", day=-1),  # her own
        opened("b", "eve"),
        order("o", "eve", 5_00, "old", day=-50),
        refund("r", "o", 1_00),
    )["share_mix"]
    assert [(row["month"], row["channel"], row["shares"]) for row in mix] == [
        ("2025-12", "direct", 1),
        ("2026-03", "group", 3),
        ("2026-03", "moments", 1),
    ]
    old = mix[0]
    assert (old["share_of_shares"], old["opens"], old["orders"], old["revenue"]) == (1.0, 1, 1, Decimal("4.00"))
    assert [row["share_of_shares"] for row in mix[1:]] == [0.75, 0.25]
    assert mix[2]["opens"] == 1


def test_nothing_gives_nothing() -> None:
    tables = tables_of(order("o", "bob", 10_00, "nowhere"), opened("nowhere", "bob"))
    assert {name for name, rows in tables.items() if rows} == set()
    assert {"cascades", "spreaders"} <= tables.keys()
