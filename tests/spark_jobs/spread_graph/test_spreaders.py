"""The opener graph of 90 days worked out by hand: who has a row, who is credited, who bridges."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.spark_jobs.spread_graph.scene import Row, one, opened, order, refund, share, tables_of


def spreaders(*rows: Row) -> dict[str, Row]:
    return {row["user_id"]: row for row in tables_of(*rows)["spreaders"]}


def test_who_has_a_row() -> None:
    found = spreaders(
        share("old", "maker", day=-120),
        share("s", "sharer", day=-89),
        share("s2", "too_early", day=-90),
        opened("old", "opener"),
        opened("s", "opened_too_early", day=-90),
        share("quiet", "quiet", day=-200),
        opened("quiet", "quiet"),  # opened a share, though her own
        share("led", "credited", day=-200),
        order("o", "buyer", 10_00, "led", day=-150),
        refund("r", "o", 1_00, day=-3),
        opened("unknown", "nobody"),
    )
    assert sorted(found) == ["credited", "maker", "opener", "quiet", "sharer"]
    assert (found["maker"]["shares"], found["maker"]["opens"], found["sharer"]["shares"]) == (0, 1, 1)
    assert (found["quiet"]["opens"], found["quiet"]["openers"]) == (0, 0)
    assert (found["credited"]["orders_led"], found["credited"]["revenue_led"]) == (0, Decimal("-1.00"))


def test_opens_are_counted_and_openers_once() -> None:
    found = spreaders(
        share("a", "ann"), share("b", "ann"), opened("a", "bob"), opened("a", "bob"), opened("b", "bob"), opened("a", "ann")
    )
    assert (found["ann"]["opens"], found["ann"]["openers"]) == (3, 1)


def test_the_last_touch_passes_over_the_buyers_own_shares() -> None:
    chain = [share("a", "ann"), share("b", "bob", "a"), share("c", "cy", "b"), share("d", "cy", "c")]
    assert spreaders(*chain, order("o", "dan", 5_00, "d"))["cy"]["orders_led"] == 1
    assert spreaders(*chain, order("o", "cy", 5_00, "d"))["bob"]["revenue_led"] == Decimal("5.00")
    assert spreaders(*chain, order("o", "bob", 5_00, "b"))["ann"]["revenue_led"] == Decimal("5.00")
    assert spreaders(*chain, order("o", "ann", 5_00, "a"))["ann"]["revenue_led"] == Decimal("5.00")  # nothing else remains


def test_subtree_revenue_counts_each_order_once() -> None:
    chain = [share("a", "ann"), share("b", "bob", "a"), share("c", "ann", "b")]
    found = spreaders(*chain, order("o", "eve", 5_00, "c"), order("p", "eve", 2_00, "b"))
    assert {user: row["subtree_revenue"] for user, row in found.items()} == {"ann": Decimal("7.00"), "bob": Decimal("7.00")}


def test_subtree_revenue_is_of_the_window_below_shares_of_any_time() -> None:
    found = spreaders(
        share("a", "ann", day=-300),
        share("b", "bob", "a"),
        order("old", "eve", 50_00, "b", day=-90),
        order("new", "eve", 2_00, "b", day=-89),
        refund("r", "old", 10_00),
        opened("a", "eve"),
    )
    assert found["ann"]["subtree_revenue"] == found["bob"]["subtree_revenue"] == Decimal("-8.00")
    assert found["ann"]["revenue_led"] == Decimal("0.00")


def test_influence_counts_a_share_once_however_often_it_is_opened() -> None:
    rows = [share("a", "ann"), share("b", "ann"), share("c", "cy"), opened("a", "bob"), opened("c", "bob")]
    fair = spreaders(*rows, opened("a", "bob", second=9))
    assert fair["ann"]["influence"] == pytest.approx(fair["cy"]["influence"])
    two_of_three = spreaders(*rows, opened("b", "bob"))
    r = {"ann": 0.15 + 0.85 * 0.15 * 2 / 3, "cy": 0.15 + 0.85 * 0.15 / 3, "bob": 0.15}
    for user, row in two_of_three.items():
        assert row["influence"] == pytest.approx(r[user] / sum(r.values()), rel=1e-9)
    assert {user: row["influence_rank"] for user, row in two_of_three.items()} == {"ann": 1, "cy": 2, "bob": 3}
    assert [fair[user]["influence_rank"] for user in ("ann", "cy", "bob")] == [1, 2, 3]  # equals by user_id


def two_circles(first: int = 8, second: int = 8) -> list[Row]:
    """Two groups whose members open one another's shares; `hub` shares to both, and belongs to the first."""
    groups = [f"a{i}" for i in range(first)], [f"b{i}" for i in range(second)]
    rows = []
    for group in groups:
        for user in group:
            rows.append(share(f"s-{user}", user))
            rows += [opened(f"s-{user}", other) for other in group if other != user]
    rows.append(share("hub", "hub"))
    rows += [opened("hub", user) for user in (*groups[0], "b0", "b1", "b2")]
    return rows


def test_circles_and_the_one_who_bridges_them() -> None:
    tables = tables_of(*two_circles())
    found = {row["user_id"]: row for row in tables["spreaders"]}
    assert {row["circle_id"] for row in found.values()} == {"a0", "b0"}
    assert found["hub"]["circle_id"] == "a0"
    assert found["hub"]["circles_reached"] == 2
    assert found["hub"]["bridge_score"] == pytest.approx(1 - (8 / 11) ** 2 - (3 / 11) ** 2)
    assert [user for user, row in found.items() if row["is_connector"]] == ["hub"]
    first = one(tables["circles"], circle_id="a0")
    assert (first["members"], first["median_degree"]) == (9, 8.0)
    assert first["share_of_reach"] == pytest.approx(11 / 16)
    (quality,) = tables["circle_quality"]
    assert (quality["users"], quality["edges"], quality["circles"], quality["median_members"]) == (17, 28 * 2 + 11, 2, 8.5)
    assert quality["cpm_quality"] == pytest.approx(28 + 8 + 28 - 0.05 * (36 + 28))


def test_one_user_alone_is_a_circle() -> None:
    tables = tables_of(share("s", "solo"), order("o", "buyer", 5_00, "s"))
    (row,) = tables["spreaders"]
    assert (row["influence"], row["circle_id"], row["circles_reached"], row["bridge_score"]) == (1.0, "solo", 0, None)
    assert not row["is_connector"]
    (circle,) = tables["circles"]
    assert circle == {
        "merchant_id": "m",
        "circle_id": "solo",
        "members": 1,
        "median_degree": 0.0,
        "share_of_reach": None,
        "revenue": Decimal("5.00"),
    }
    (quality,) = tables["circle_quality"]
    assert (quality["cpm_quality"], quality["modularity"]) == (0.0, None)
    (motifs,) = tables["spread_motifs"]
    assert (motifs["pairs"], motifs["reciprocity"], motifs["transitivity"]) == (0, None, None)
    assert tables["key_spreaders"] == []


def test_one_user_alone_at_several_merchants_is_one_of_each() -> None:
    found = tables_of(*(share("s", "solo", merchant=merchant) for merchant in "mno"))["spreaders"]
    assert [(row["merchant_id"], row["user_id"], row["shares"]) for row in found] == [(name, "solo", 1) for name in "mno"]


def test_refunds_of_several_merchants_are_different_ones() -> None:
    rows = [share("s", "ann", merchant=merchant) for merchant in "mno"]
    rows += [order("o", "eve", 10_00, "s", merchant=merchant) for merchant in "mno"]
    rows += [refund("r1", "o", 1_00, merchant="m"), refund("r2", "o", 2_00, merchant="m")]
    rows += [refund("r1", "o", 3_00, merchant="n"), refund("r1", "o", 4_00, merchant="o")]
    found = tables_of(*rows)["spreaders"]
    assert [str(row["revenue_led"]) for row in found] == ["7.00", "7.00", "6.00"]


def test_motifs_of_a_triangle_with_a_tail() -> None:
    rows = [share(f"s-{user}", user) for user in "abcd"]
    rows += [opened("s-a", "b"), opened("s-b", "a"), opened("s-b", "c"), opened("s-c", "a"), opened("s-c", "d")]
    (motifs,) = tables_of(*rows)["spread_motifs"]
    assert (motifs["pairs"], motifs["reciprocal_pairs"], motifs["triangles"]) == (4, 1, 1)
    assert motifs["reciprocity"] == 0.25
    assert motifs["transitivity"] == pytest.approx(3 / 5)


def test_concentration_by_hand() -> None:
    rows = [share(f"s-{user}-{i}", user) for user, many in (("a", 5), ("b", 3), ("c", 2)) for i in range(many)]
    found = tables_of(*rows)["spread_concentration"]
    assert [row["metric"] for row in found] == ["shares"]  # nobody has any of the others
    (row,) = found
    assert (row["users"], row["total"], row["users_for_half"]) == (3, Decimal("10.00"), 1)
    assert (row["top_1pct_share"], row["top_01pct_share"]) == (0.5, 0.5)
    assert row["gini"] == pytest.approx(2 * (1 * 2 + 2 * 3 + 3 * 5) / (3 * 10) - 4 / 3)


def test_concentration_of_money_leaves_out_who_cost_some() -> None:
    rows = [share("a", "ann", day=-9), share("b", "bob", day=-9), order("o", "eve", 5_50, "a"), order("p", "eve", 1_00, "b")]
    (row,) = (r for r in tables_of(*rows, refund("r", "p", 2_00))["spread_concentration"] if r["metric"] == "revenue_led")
    assert (row["users"], row["total"]) == (1, Decimal("5.50"))


def test_circles_of_last_week_by_what_was_known_then() -> None:
    now = [*two_circles(), *(opened(f"s-b{i}", f"c{j}", day=-1) for i in range(2) for j in range(3))]
    assert tables_of(*now)["circle_stability"] == [
        {"merchant_id": "m", "users_in_both": 0, "adjusted_rand": None, "renamed_share": None}
    ]
    before = [dict(row, day=row["day"] - 20, event_time=row["event_time"] - 20 * 86_400_000_000) for row in two_circles()]
    (row,) = tables_of(*before)["circle_stability"]
    assert row == {"merchant_id": "m", "users_in_both": 17, "adjusted_rand": 1.0, "renamed_share": 0.0}
    # Since then a member who is smaller by name has joined the circle of the a's.
    joined = [share("s-A", "A"), *(opened("s-A", f"a{i}") for i in range(8)), *(opened(f"s-a{i}", "A") for i in range(8))]
    (row,) = tables_of(*before, *joined)["circle_stability"]
    assert (row["users_in_both"], row["adjusted_rand"]) == (17, 1.0)
    assert row["renamed_share"] == pytest.approx(9 / 17)


def test_last_week_is_what_the_run_of_last_week_saw() -> None:
    """Vertices of a week ago: not by what came since, but by credit of that window too."""
    rows = [
        share("s", "ann", day=-200),
        order("o", "bob", 5_00, "s", day=-96),  # in the window of last week only
        refund("r", "o", 1_00, day=-2),
        share("t", "cy", day=-3),
    ]
    (row,) = tables_of(*rows)["circle_stability"]
    assert row["users_in_both"] == 1
    assert sorted(spreaders(*rows)) == ["ann", "cy"]


def test_key_spreaders_by_hand() -> None:
    reach = {"a": "1234", "b": "345", "c": "56", "d": "12"}
    rows = [share(f"s-{user}", user) for user in reach]
    rows += [opened(f"s-{user}", opener) for user, openers in reach.items() for opener in openers]
    rows.append(order("o", "1", 3_00, "s-a"))
    found = tables_of(*rows)["key_spreaders"]
    assert [(row["rank"], row["user_id"], row["new_openers"]) for row in found] == [(1, "a", 4), (2, "c", 2)]
    assert [row["reach_share"] for row in found] == [pytest.approx(4 / 6), 1.0]
    assert found[0]["revenue_led"] == Decimal("3.00")
    ranks = {row["user_id"]: row["influence_rank"] for row in tables_of(*rows)["spreaders"]}
    assert [row["influence_rank"] for row in found] == [ranks["a"], ranks["c"]]


def test_a_merchant_above_the_limit_gets_no_influence_here() -> None:
    rows = two_circles()
    few = [dict(row, merchant_id="n") for row in (share("s", "ann"), opened("s", "bob"))]
    found = tables_of(*rows, *few, executor_edges=10)["spreaders"]
    assert {(row["merchant_id"], row["influence_rank"]) for row in found if row["influence"] is None} == {("m", 0)}
    alone = tables_of(*few)["spreaders"]
    assert [row for row in found if row["merchant_id"] == "n"] == alone


WRAPPING = (2**64 - 16) // 20  # cents; twenty of them are 16 short of what brings 64 bits round to 0


def test_sums_of_money_beyond_64_bits_are_null_and_touch_nobody_else() -> None:
    """Twenty orders through b, below a of ann: in 64 bits they add up to -0.16. The merchant n has its usual figures."""
    tree = [share("a", "ann"), share("b", "bob", "a"), opened("b", "eve")]
    usual = [share("a", "ann", merchant="n"), order("o", "eve", 5_00, "a", merchant="n"), opened("a", "eve", merchant="n")]
    found = tables_of(*tree, *usual, *(order(f"o{number}", "eve", WRAPPING, "b") for number in range(20)))
    ann, bob = (one(found["spreaders"], merchant_id="m", user_id=user) for user in ("ann", "bob"))
    assert (bob["orders_led"], bob["revenue_led"], bob["subtree_revenue"]) == (20, None, None)
    assert (ann["orders_led"], ann["revenue_led"], ann["subtree_revenue"]) == (0, Decimal("0.00"), None)
    assert [row["subtree_revenue"] for row in found["cascade_nodes"] if row["merchant_id"] == "m"] == [None, None]
    assert one(found["cascades"], merchant_id="m")["revenue"] is None
    assert [row["revenue"] for row in found["cascade_layers"] if row["merchant_id"] == "m"] == [Decimal("0.00"), None]
    assert one(found["share_mix"], merchant_id="m")["revenue"] is None
    assert one(found["circles"], merchant_id="m", circle_id=bob["circle_id"])["revenue"] is None
    assert one(found["key_spreaders"], merchant_id="m")["revenue_led"] is None
    assert one(found["spread_concentration"], merchant_id="m", metric="revenue_led")["total"] is None
    alone = tables_of(*usual)
    assert set(alone) == set(found)
    for name, rows in alone.items():
        assert [row for row in found[name] if row["merchant_id"] == "n"] == rows, name


def test_sums_that_come_back_within_64_bits_are_exact() -> None:
    """The twenty orders less twenty refunds that leave 0.01 of each."""
    orders = [order(f"o{number}", "eve", WRAPPING, "a") for number in range(20)]
    refunds = [refund(f"r{number}", f"o{number}", WRAPPING - 1) for number in range(20)]
    found = tables_of(share("a", "ann"), *orders, *refunds)
    assert one(found["spreaders"], user_id="ann")["revenue_led"] == Decimal("0.20")
    assert one(found["cascades"])["revenue"] == Decimal("0.20")
