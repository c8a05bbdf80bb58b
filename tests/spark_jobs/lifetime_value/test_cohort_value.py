"""What a month's new fans brought, will bring and cost, by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from spark_jobs.lifetime_value.cohort_value import cohort_value
from tests.spark_jobs.frames import day


def test_cohorts_by_hand(spark: SparkSession) -> None:
    key = "merchant_id string, order_id string, user_id string"
    orders = spark.createDataFrame(
        [
            ("m", "o1", "ann", day("2026-01-31"), Decimal("30.00")),
            ("m", "o2", "ann", day("2026-03-01"), Decimal("50.00")),
            ("m", "o3", "bob", day("2026-01-05"), Decimal("10.00")),
            ("m", "o4", "bob", day("2026-02-05"), Decimal("10.00")),
            ("m", "o5", "cat", day("2026-02-05"), Decimal("20.00")),
            ("m", "o6", "dan", day("2026-03-05"), Decimal("20.00")),
            ("other", "o1", "ann", day("2026-03-05"), Decimal("5.00")),
        ],
        f"{key}, paid_on date, amount decimal(18,2)",
    )
    refunds = spark.createDataFrame(
        [
            ("m", "o3", "bob", day("2025-12-31"), Decimal("4.00")),  # before its order: counts in the cohort's month
            ("m", "o6", "dan", day("2026-03-06"), Decimal("20.00")),
        ],
        f"{key}, refunded_on date, amount decimal(18,2)",
    )
    values = spark.createDataFrame(
        [
            ("m", "ann", 1, Decimal("100.00")),
            ("m", "bob", 1, Decimal("20.00")),
            ("m", "cat", 0, None),  # no finite expectation
            ("m", "dan", None, None),  # no purchase left: nothing is expected
            ("other", "ann", 0, Decimal("7.00")),
        ],
        "merchant_id string, user_id string, frequency bigint, expected_value_365d decimal(18,2)",
    )
    spend = spark.createDataFrame(
        [
            ("m", day("2026-01-01"), Decimal("60.00")),
            ("m", day("2026-01-31"), Decimal("15.00")),
            ("m", day("2026-02-01"), Decimal("500.00")),
            ("m", day("2026-04-01"), Decimal("9.00")),  # a month without new fans
            (None, day("2026-03-01"), Decimal("9.00")),
        ],
        "merchant_id string, event_date date, amount decimal(18,2)",
    )
    rows = cohort_value(orders, refunds, values, spend).orderBy("merchant_id", "cohort_month").collect()
    assert [tuple(row) for row in rows] == [
        # 36, 46 and 96 after 0, 1 and 2 months against 75 spent.
        ("m", "2026-01", 2, 48.0, 60.0, Decimal("75.00"), 37.5, pytest.approx(108 / 37.5), 2),
        ("m", "2026-02", 1, 20.0, None, Decimal("500.00"), 500.0, None, None),
        ("m", "2026-03", 1, 0.0, 0.0, Decimal("0.00"), 0.0, None, None),
        ("other", "2026-03", 1, 5.0, 7.0, Decimal("0.00"), 0.0, None, None),
    ]


def test_sums_beyond_an_amount_are_null_for_their_merchant_alone(spark: SparkSession) -> None:
    """Two orders and two spends of 9e15 each: 1.8e16 fits no DECIMAL(18,2); quotients, which are doubles, have it."""
    huge, key = Decimal("9000000000000000.00"), "merchant_id string, order_id string, user_id string"
    orders = spark.createDataFrame(
        [
            ("m", "o1", "ann", day("2026-01-01"), huge),
            ("m", "o2", "ann", day("2026-01-02"), huge),
            ("other", "o1", "ann", day("2026-01-05"), Decimal("5.00")),
        ],
        f"{key}, paid_on date, amount decimal(18,2)",
    )
    refunds = spark.createDataFrame([], f"{key}, refunded_on date, amount decimal(18,2)")
    values = spark.createDataFrame(
        [("m", "ann", 1, None), ("other", "ann", 0, Decimal("7.00"))],
        "merchant_id string, user_id string, frequency bigint, expected_value_365d decimal(18,2)",
    )
    spend = spark.createDataFrame(
        [("m", day("2026-01-01"), huge), ("m", day("2026-01-31"), huge), ("other", day("2026-01-01"), Decimal("4.00"))],
        "merchant_id string, event_date date, amount decimal(18,2)",
    )
    rows = cohort_value(orders, refunds, values, spend).orderBy("merchant_id").collect()
    assert [tuple(row) for row in rows] == [
        ("m", "2026-01", 1, 1.8e16, None, None, 1.8e16, None, 0),
        ("other", "2026-01", 1, 5.0, 7.0, Decimal("4.00"), 4.0, 3.0, 0),
    ]
