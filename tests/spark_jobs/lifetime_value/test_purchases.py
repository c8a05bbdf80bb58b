"""Purchases: what a day was worth and the history of a fan, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.lifetime_value.purchases import customers, gap_percentile, purchase_days
from spark_jobs.rules.orders import orders_with_refunds
from tests.spark_jobs.frames import at, day, events, table

ORDER = "merchant_id string, order_id string, user_id string, amount decimal(18,2)"
REFUND = "merchant_id string, refund_id string, order_id string, amount decimal(18,2)"


def order(time: str, order_id: str, user: str, amount: str, merchant: str = "m") -> tuple[Any, ...]:
    return (at(time), merchant, order_id, user, Decimal(amount))


def refund(time: str, refund_id: str, order_id: str, amount: str, merchant: str = "m") -> tuple[Any, ...]:
    return (at(time), merchant, refund_id, order_id, Decimal(amount))


def days_of(spark: SparkSession, orders: list[tuple[Any, ...]], refunds: list[tuple[Any, ...]]) -> DataFrame:
    return purchase_days(*orders_with_refunds(events(spark, ORDER, orders), events(spark, REFUND, refunds)))


def test_days_are_worth_paid_less_all_refunds_of_their_orders(spark: SparkSession) -> None:
    got = days_of(
        spark,
        [
            order("2026-03-01 08:00:00", "o1", "ann", "10.00"),
            order("2026-03-01 20:00:00", "o2", "ann", "5.50"),
            order("2026-03-02", "o3", "ann", "7.00"),
            order("2026-03-01", "o1", "bob", "100.00", "other"),
        ],
        [
            refund("2026-03-20", "r1", "o2", "0.50"),  # weeks later, on the day of its order
            refund("2026-02-20", "r2", "o3", "8.00"),  # before its order, and more than it
            refund("2026-03-20", "r3", "o9", "3.00"),  # of no order
            refund("2026-03-20", "r1", "o1", "1.00", "other"),  # of another merchant
        ],
    )
    assert table(got) == [
        ("m", "ann", day("2026-03-01"), Decimal("15.00")),
        ("m", "ann", day("2026-03-02"), Decimal("-1.00")),
        ("other", "bob", day("2026-03-01"), Decimal("99.00")),
    ]


def test_the_earliest_event_of_an_id_counts_then_the_smaller_event_id(spark: SparkSession) -> None:
    got = days_of(
        spark,
        [
            order("2026-03-02", "o1", "ann", "10.00"),
            order("2026-03-01", "o1", "bob", "11.00"),
            order("2026-03-05", "o2", "cat", "20.00"),
            order("2026-03-05", "o2", "dan", "21.00"),
        ],
        [refund("2026-03-07", "r1", "o1", "1.00"), refund("2026-03-06", "r1", "o2", "2.00")],
    )
    assert table(got) == [("m", "bob", day("2026-03-01"), Decimal("11.00")), ("m", "cat", day("2026-03-05"), Decimal("18.00"))]


def test_histories_by_hand(spark: SparkSession) -> None:
    """The merchant's days are 2026-03-01 to 2026-03-31: the last ⌊31/4⌋ = 7 are the holdout, from 2026-03-25."""
    got = customers(
        days_of(
            spark,
            [
                order("2026-03-01", "a1", "ann", "10.00"),
                order("2026-03-08", "a2", "ann", "20.00"),
                order("2026-03-08", "a3", "ann", "5.00"),
                order("2026-03-24", "a4", "ann", "40.00"),
                order("2026-03-25", "a5", "ann", "1.00"),
                order("2026-03-31", "a6", "ann", "2.00"),
                order("2026-03-31", "b1", "bob", "9.00"),
                order("2026-03-05", "c1", "cat", "9.00"),
                order("2026-03-05", "d1", "dan", "0.00"),
                order("2026-03-10", "d2", "dan", "4.00"),
            ],
            [refund("2026-03-30", "r1", "c1", "9.00")],
        ),
        day("2026-03-31"),
    )
    rows = {row["user_id"]: row.asDict() for row in got.collect()}
    assert rows["ann"] == {
        "merchant_id": "m",
        "user_id": "ann",
        "holdout_days": 7,
        "x": 4,
        "recency": pytest.approx(30 / 7),
        "age": pytest.approx(30 / 7),
        "mean": pytest.approx((25 + 40 + 1 + 2) / 4),
        "x_before": 2,
        "recency_before": pytest.approx(23 / 7),
        "age_before": pytest.approx(23 / 7),
        "holdout_orders": 2,
    }
    bob = rows["bob"]
    assert (bob["x"], bob["recency"], bob["age"], bob["mean"], bob["x_before"], bob["holdout_orders"]) == (
        0,
        0,
        0,
        None,
        None,
        0,
    )
    cat = rows["cat"]
    assert [cat[name] for name in ("x", "recency", "age", "mean", "x_before", "holdout_orders")] == [None] * 5 + [0]
    assert (rows["dan"]["x"], rows["dan"]["age"]) == (0, 3.0)


def test_long_gap_is_the_interpolated_percentile_of_gaps_between_purchases(spark: SparkSession) -> None:
    got = gap_percentile(
        days_of(
            spark,
            [
                order("2026-03-01", "a1", "ann", "1.00"),
                order("2026-03-08", "a2", "ann", "1.00"),
                order("2026-03-29", "a3", "ann", "1.00"),
                order("2026-03-01", "b1", "bob", "1.00"),
                order("2026-03-02", "b2", "bob", "0.00"),
                order("2026-03-15", "b3", "bob", "1.00"),
                order("2026-03-15", "c1", "cat", "1.00", "one each"),
            ],
            [],
        )
    )
    assert table(got) == [("m", pytest.approx(2 + 0.8 * 1))]  # gaps of 1, 2 and 3 weeks


MOST = "9999999999999999.99"  # of DECIMAL(18,2)


def test_days_worth_more_than_an_amount_can_be_are_summed_exactly_and_stop_nobody(spark: SparkSession) -> None:
    """Two orders of one day, and two days of one fan, that together are beyond DECIMAL(18,2)."""
    orders = [order("2026-03-01 08:00:00", "o1", "ann", MOST), order("2026-03-01 09:00:00", "o2", "ann", MOST)]
    orders += [order("2026-03-02", "o3", "ann", MOST), order("2026-03-03", "o4", "ann", "1.00")]
    orders += [order("2026-03-01", "o1", "bob", "5.00", "other")]
    refunds = [refund("2026-03-04", f"r{number}", "o4", MOST) for number in range(3)]
    got = days_of(spark, orders, refunds).persist()
    assert table(got) == [
        ("m", "ann", day("2026-03-01"), Decimal("19999999999999999.98")),
        ("m", "ann", day("2026-03-02"), Decimal(MOST)),
        ("m", "ann", day("2026-03-03"), Decimal("-29999999999999998.97")),
        ("other", "bob", day("2026-03-01"), Decimal("5.00")),
    ]
    histories = customers(got, day("2026-03-10"))
    assert table(histories, "merchant_id", "x", "mean") == [("m", 1, pytest.approx(1e16)), ("other", 0, None)]
