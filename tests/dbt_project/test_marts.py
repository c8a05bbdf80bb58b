"""Whole rows of the marts of the tiny platform, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

D = Decimal


def rows(marts: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    found = marts.execute(query).fetchall()
    assert found, query
    return found


def test_report_counts_lines_and_rows(built: tuple[Any, dict[str, Any]], marts: duckdb.DuckDBPyConnection) -> None:
    _, report = built
    assert report["rows_in"] == marts.execute("select sum(rows_read) from ingest_ledger").fetchall()[0][0] == 43
    assert report["rows_out"] > 100
    assert (report["step"], report["as_of"]) == ("build_marts", "2026-04-10")
    assert report["models"] > 100
    assert report["tests"] > 25


def test_product_sales(marts: duckdb.DuckDBPyConnection) -> None:
    """Two pieces at 10.00 that cost 4.00 each; the other orders do not say what was in them."""
    columns = "merchant_id, product_id, month, orders, pieces, sales, margin"
    assert rows(marts, f"select {columns} from product_sales") == [("m1", "p", "2026-03", 1, 2, D("20.00"), D("12.00"))]


def test_channel_returns(marts: duckdb.DuckDBPyConnection) -> None:
    """At m1 a came by a follow without a channel; b and c by shares into groups: b followed, c bought for 100.01 - 50.00.

    At m2 all three came by the live, one of them to the replay; b bought through a share into a group.
    """
    columns = "merchant_id, month, channel, domain, is_paid, arrivals, settled, settled_buyers, buyers, repeat_buyers"
    assert rows(marts, f"select {columns}, arrival_revenue, orders, revenue, spend from channel_returns order by all") == [
        ("m1", "2026-03", "group", "private", False, 2, 1, 0, 1, 0, D("50.01"), 1, D("50.01"), D(0)),
        ("m1", "2026-03", "none", "unknown", False, 1, 1, 1, 1, 0, D("20.00"), 1, D("20.00"), D(0)),
        ("m2", "2026-04", "group", "private", False, 0, 0, 0, 0, 0, D(0), 1, D("7.00"), D(0)),
        ("m2", "2026-04", "live", "private", False, 3, 0, 0, 1, 0, D("7.00"), 0, D(0), D(0)),
    ]


def test_traffic_assets(marts: duckdb.DuckDBPyConnection) -> None:
    """a followed by itself, b through a share of a, left and came back; c bought through a share of b, and follows nothing.

    Nobody did anything at m1 in April. b, who led c to it, never bought.
    """
    statement = "opening_fans, won_direct, won_fission, regained, lost_unfollowed, lost_blocked, closing_fans"
    assets = "active_fans, reachable_fans, trade_relations, social_relations, spread_relations, revenue, shared_revenue"
    fission = "new_buyers, bringing_buyers, brought_buyers, is_fission_complete"
    assert rows(marts, f"select month, {statement} from traffic_assets where merchant_id = 'm1' order by all") == [
        ("2026-03", 0, 1, 2, 1, 1, 0, 3),
        ("2026-04", 3, 0, 0, 0, 0, 0, 3),
    ]
    assert rows(marts, f"select month, {assets}, {fission} from traffic_assets where merchant_id = 'm1' order by all") == [
        ("2026-03", 3, 2, 2, 0, 2, D("70.01"), D("50.01"), 2, 0, 0, False),
        ("2026-04", 0, 2, 2, 0, 2, D(0), D(0), 0, 0, 0, False),
    ]


def test_per_fan_revenue(marts: duckdb.DuckDBPyConnection) -> None:
    """Fans of m1 from 1, 2 and 5 March to 10 April: 41 + 40 + 37 of 41 days; they brought 20.00, 0.00 and 100.01 - 50.00."""
    columns = "window_days, avg_fans, fans_end, window_fans, buying_fans, direct_revenue, assisted_revenue"
    assert rows(marts, f"select merchant_id, {columns} from per_fan_revenue") == [
        ("m1", 41, pytest.approx(118 / 41), 3, 3, 2, D("70.01"), D("50.01")),
        ("m2", 10, pytest.approx(1.0), 1, 1, 1, D("7.00"), D("7.00")),
    ]
    columns = "revenue_per_fan, revenue_per_fan_annualised, revenue_per_fan_p50, revenue_per_fan_p90, zero_revenue_fan_share"
    (tea,) = rows(marts, f"select {columns} from per_fan_revenue where merchant_id = 'm1'")
    per_fan = 70.01 * 41 / 118
    assert tea == pytest.approx((per_fan, per_fan * 365 / 41, 20.0, 20 + 0.8 * 30.01, 1 / 3))


def test_interval_of_revenue_per_fan(marts: duckdb.DuckDBPyConnection) -> None:
    """The ratio estimator's standard error over the three people, worked out from its textbook form."""
    ((low, high),) = rows(marts, "select revenue_per_fan_lo, revenue_per_fan_hi from per_fan_revenue where merchant_id = 'm1'")
    revenue, presence = [20.0, 0.0, 50.01], [41 / 41, 40 / 41, 37 / 41]
    ratio = sum(revenue) / sum(presence)
    residuals = [y - ratio * x for y, x in zip(revenue, presence, strict=True)]
    error = (3 / 2 * sum(e * e for e in residuals)) ** 0.5 / sum(presence)
    assert (low, high) == pytest.approx((ratio - 1.959963984540054 * error, ratio + 1.959963984540054 * error))


def test_fan_revenue(marts: duckdb.DuckDBPyConnection) -> None:
    """o1 came to c through s2 of b, whose parent is s1 of a; z has the credit at m2, and is no fan."""
    columns = "is_window_fan, is_supporting_fan, orders, refunds, direct_revenue, assisted_revenue_last_touch"
    columns += ", assisted_revenue_first_touch, assisted_revenue_linear"
    assert rows(marts, f"select merchant_id, user_id, {columns} from fan_revenue") == [
        ("m1", "a", True, True, 1, 0, D("20.00"), D("0.00"), D("50.01"), D("25.01")),
        ("m1", "b", True, False, 0, 0, D("0.00"), D("50.01"), D("0.00"), D("25.00")),
        ("m1", "c", True, False, 1, 1, D("50.01"), D("0.00"), D("0.00"), D("0.00")),
        ("m2", "b", True, False, 1, 0, D("7.00"), D("0.00"), D("0.00"), D("0.00")),
        ("m2", "z", False, False, 0, 0, D("0.00"), D("7.00"), D("7.00"), D("7.00")),
    ]
    assert rows(marts, "select first_order_at from fan_revenue where merchant_id = 'm1' and user_id = 'a'") == [
        (datetime(2026, 3, 31, 15, 59, 59),)
    ]


def test_growth_split_and_history(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select month, revenue, avg_fans, is_complete, revenue_change, user_effect from growth_split"
    assert rows(marts, f"{query} where merchant_id = 'm1'") == [
        ("2026-03", D("70.01"), pytest.approx((31 + 30 + 27) / 31), True, None, None),
        ("2026-04", D("0.00"), 3.0, False, D("-70.01"), None),
    ]
    query = "select merchant_id, month_end, window_days, fans_end, direct_revenue from per_fan_revenue_history"
    assert rows(marts, query) == [("m1", date(2026, 3, 31), 31, 3, D("70.01"))]


def test_supporting_fans_by_layer(marts: duckdb.DuckDBPyConnection) -> None:
    """b first opened s1 of depth 0, c first opened s2 of depth 1; both opens are of people who had two openers in all."""
    query = "select merchant_id, layer, fans, supporting_fans, direct_revenue, assisted_revenue from supporting_fans"
    assert rows(marts, query) == [
        ("m1", 0, 1, 1, D("20.00"), D("25.01")),
        ("m1", 1, 1, 0, D("0.00"), D("25.00")),
        ("m1", 2, 1, 0, D("50.01"), D("0.00")),
        ("m2", 0, 0, 0, D("0.00"), D("7.00")),
        ("m2", 1, 1, 0, D("7.00"), D("0.00")),
    ]
    # Reach of a, b, c is 1, 1, 0: (3 · 1 - 2) / 2² of a star; two equal centres.
    query = "select distinct reach_centralisation, effective_centres from supporting_fans where merchant_id = 'm1'"
    assert rows(marts, query) == [(0.25, 2.0)]


def test_team_formation(marts: duckdb.DuckDBPyConnection) -> None:
    query = """
        select region, opened_date, opened, closed, formed_organic, failed, open_at_as_of, median_seconds_to_form, members,
            new_buyer_members
        from team_formation
    """
    assert rows(marts, query) == [
        # The leader never paid; a paid o2 in the second of the opening, not before it.
        ("CN-JL", date(2026, 3, 31), 1, 1, 1, 0, 0, 1.0, 2, 2),
        ("CN-JL", date(2026, 4, 9), 1, 0, 0, 0, 1, None, 1, 1),
        ("unknown", date(2026, 4, 9), 1, 1, 0, 1, 0, None, 1, 1),
    ]
    query = "select region, month, opened, closed, formation_rate, registered_users, quadrant from team_formation_by_region"
    assert rows(marts, query) == [
        ("CN-JL", "2026-03", 1, 1, 1.0, 1, "many_opens_high_rate"),
        ("CN-JL", "2026-04", 1, 0, None, 1, None),
        ("CN-JL", "all", 2, 1, 1.0, 1, "many_opens_high_rate"),
        ("unknown", "2026-04", 1, 1, 0.0, 0, None),
        ("unknown", "all", 1, 1, 0.0, 0, None),
    ]


def test_what_tools_need_beside_months_and_totals(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select region, month, month_start, is_total from team_formation_by_region where region = 'CN-JL'"
    assert rows(marts, query) == [
        ("CN-JL", "2026-03", date(2026, 3, 1), False),
        ("CN-JL", "2026-04", date(2026, 4, 1), False),
        ("CN-JL", "all", None, True),
    ]
    total = "select sum(opened) from team_formation_by_region where not is_total"
    assert rows(marts, total) == rows(marts, "select sum(opened) from team_formation")
    query = "select distinct month, month_start from growth_split where merchant_id = 'm1' order by all"
    assert rows(marts, query) == [("2026-03", date(2026, 3, 1)), ("2026-04", date(2026, 4, 1))]
    query = "select distinct cohort_month, cohort_month_start from cohort_retention order by all"
    assert rows(marts, query) == [("2026-03", date(2026, 3, 1)), ("2026-04", date(2026, 4, 1))]


def test_team_design(marts: duckdb.DuckDBPyConnection) -> None:
    """Of the closed teams, one formed in Jilin and one failed: two in three are not formed after a second, and ever after."""
    query = """
        select size_required, opened, closed, formation_rate, formation_rate_standardised, standardised_coverage, thin_cells,
            is_thin, median_seconds_to_form, members, members_per_closed_team, revenue, revenue_per_closed_team
        from team_design
    """
    assert rows(marts, query) == [(2, 3, 2, 0.5, 0.5, 1.0, 2, True, None, 3, 1.5, D("0.00"), 0.0)]


def test_cohort_retention(marts: duckdb.DuckDBPyConnection) -> None:
    columns = "merchant_id, cohort_month, period, cohort_size, retained_on, orders, revenue, is_complete"
    assert rows(marts, f"select {columns} from cohort_retention") == [
        ("m1", "2026-03", 0, 2, 2, 2, D("70.01"), True),
        ("m1", "2026-03", 1, 2, 0, 0, D("0.00"), False),
        ("m2", "2026-04", 0, 1, 1, 1, D("7.00"), False),
    ]


def test_ingest_marts_show_all_that_was_loaded(marts: duckdb.DuckDBPyConnection) -> None:
    columns = "file, rows_read, accepted, duplicate, quarantined, erased, withdrawn, is_balanced"
    ((file, read, accepted, *others),) = rows(marts, f"select {columns} from ingest_ledger where source = 'shop'")
    assert (file, read - accepted, others) == ("shop/dt=2026-04-10/part-0.jsonl", 4, [1, 1, 1, 1, True])
    query = "select reason, rows, example_id, example_line from quarantine_reasons"
    assert rows(marts, query) == [("bad_enum", 1, "bad", read)]
    query = "select events from event_registry where event_type = 'shop.order_paid.v1' and event_date = '2026-04-11'"
    assert rows(marts, query) == [(1,)]


def test_dimensions_hold_the_latest_record(marts: duckdb.DuckDBPyConnection) -> None:
    assert rows(marts, "select merchant_id, name, region, plan, onboarded_at, first_event_at from merchants") == [
        # The latest record replaces the whole one before: its region is gone.
        ("m1", "Tea and cups", "unknown", "pro", datetime(2026, 3, 1, 1), datetime(2026, 2, 28, 16)),
        ("m2", None, "unknown", None, None, datetime(2026, 4, 1, 12)),
    ]
    query = "select group_id, members, days_since_last_message, messages_28d, messages_prev_28d from chat_groups"
    assert rows(marts, query) == [("g1", 1, 10, 1, 0)]
    assert rows(marts, "select merchant_id, order_id, paid, refunded, net, is_first_order, root_share_id from orders") == [
        ("m1", "o1", D("100.01"), D("50.00"), D("50.01"), True, "s1"),
        ("m1", "o2", D("20.00"), D("0.00"), D("20.00"), True, None),
        ("m2", "o1", D("7.00"), D("0.00"), D("7.00"), True, "s1"),
    ]


def test_daily_merchant(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select date, visitors, buyers, orders, revenue, refunded, fans, shares, opens, teams_opened from daily_merchant"
    assert rows(marts, f"{query} where merchant_id = 'm1' and date between '2026-03-01' and '2026-03-05'") == [
        (date(2026, 3, 1), 1, 0, 0, D("0.00"), D("0.00"), 1, 2, 0, 0),
        (date(2026, 3, 2), 0, 0, 0, D("0.00"), D("0.00"), 2, 0, 1, 0),
        (date(2026, 3, 3), 0, 0, 0, D("0.00"), D("0.00"), 2, 0, 0, 0),
        (date(2026, 3, 4), 0, 0, 0, D("-50.00"), D("50.00"), 2, 0, 1, 0),
        (date(2026, 3, 5), 0, 1, 1, D("100.01"), D("0.00"), 3, 0, 0, 0),
    ]
    assert rows(marts, "select merchant_id, count(*) from daily_merchant group by 1 order by 1") == [("m1", 41), ("m2", 10)]


def test_live_sessions_and_minutes(marts: duckdb.DuckDBPyConnection) -> None:
    """a watches 120 s, b 480 s to the end of a live of 600 s."""
    query = """
        select merchant_id, started_date, viewers, replay_viewers, peak_viewers, average_viewers, watch_seconds, interactions,
            product_clicks, interacting_viewers, orders, revenue, orders_after_end, new_fans
        from live_sessions
    """
    assert rows(marts, query) == [("m2", date(2026, 4, 1), 2, 1, 2, 1.0, 600.0, 2, 1, 1, 1, D("7.00"), 1, 0)]
    query = "select minute, viewers, viewers_joined, viewers_left, interactions, product_clicks from live_minutes"
    assert rows(marts, query) == [
        (0, 0, 0, 0, 0, 0),
        (1, 1, 1, 0, 0, 0),
        (2, 2, 1, 0, 2, 1),
        (3, 1, 0, 1, 0, 0),
        *((minute, 1, 0, 0, 0, 0) for minute in range(4, 10)),
        (10, 0, 0, 1, 0, 0),
    ]


def test_claims_that_the_events_cannot_answer_say_why(marts: duckdb.DuckDBPyConnection) -> None:
    found = rows(marts, "select claim_id, verdict, reason from claim_checks")
    assert len(found) == 24
    assert {verdict for _, verdict, _ in found} == {"insufficient"}
    reasons = {claim: reason for claim, _, reason in found}
    assert reasons["outreach_accepted"] == "there are no such events"
    assert reasons["orders_per_share"] == "it rests on 3 observations, at least 30 are needed"


def test_every_mart_and_column_is_described(marts: duckdb.DuckDBPyConnection) -> None:
    tables = rows(marts, "select table_name, comment from duckdb_tables() where schema_name = 'marts'")
    columns = rows(marts, "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'")
    assert len(tables) > 35
    assert [name for name, comment in tables if not (comment or "").startswith("Grain: ")] == []
    assert [(table, column) for table, column, comment in columns if not comment] == []


def test_an_order_without_a_region_is_of_an_unknown_one(marts: duckdb.DuckDBPyConnection) -> None:
    assert rows(marts, "select region, count(*) from orders group by region") == [("unknown", 3)]
