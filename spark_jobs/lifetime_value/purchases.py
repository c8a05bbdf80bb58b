"""Who bought on which day, what the day was worth, and the history of each fan that follows from it."""

from __future__ import annotations

from datetime import date

import pyspark.sql.functions as f
from pyspark.sql import Column, DataFrame, Window

from spark_jobs.rules.money import MONEY, SUMMED_MONEY


def purchase_days(orders: DataFrame, refunds: DataFrame) -> DataFrame:
    """What each day of a fan's orders was worth: paid less every refund of those orders, whenever it came.

    Args:
        orders, refunds: see `rules.orders.orders_with_refunds`.

    Returns:
        merchant_id, user_id, day, value (decimal; a day worth nothing or less is no purchase).
    """
    back = refunds.groupBy("merchant_id", "order_id").agg(f.sum("amount").alias("back"))
    return (
        orders.join(back, ["merchant_id", "order_id"], "left")
        .groupBy("merchant_id", "user_id", f.col("paid_on").alias("day"))
        .agg(f.sum(f.col("amount") - f.coalesce("back", f.lit(0).cast(MONEY))).cast(SUMMED_MONEY).alias("value"))
    )


def customers(days: DataFrame, as_of: date) -> DataFrame:
    """The history of each fan who ever ordered: whole, and as it was known before the holdout.

    The holdout is the last quarter (cut down) of the merchant's days, counted from its first paid order to `as_of`.

    Args:
        days: see `purchase_days`.

    Returns:
        merchant_id, user_id, holdout_days, x, recency, age, mean (value of the days after the first), then x_before,
        recency_before, age_before (null for those not known before the holdout), holdout_orders. Times are in weeks.
        All but holdout_days and holdout_orders are null for a fan without a purchase.
    """
    merchant = Window.partitionBy("merchant_id")
    all_days = f.datediff(f.lit(as_of), f.min("day").over(merchant)) + 1
    known_until = f.date_sub(f.lit(as_of), f.col("holdout_days"))
    is_purchase, is_before = f.col("value") > 0, (f.col("value") > 0) & (f.col("day") <= f.col("known_until"))
    histories = (
        days.withColumn("holdout_days", f.floor(all_days / 4).cast("int"))
        .withColumn("known_until", known_until)
        .groupBy("merchant_id", "user_id", "holdout_days", "known_until")
        .agg(
            *_history(is_purchase, "all"),
            *_history(is_before, "before"),
            f.min_by("value", f.when(is_purchase, f.col("day"))).alias("first_value"),
            f.sum(f.when(is_purchase, f.col("value"))).alias("value"),
        )
    )
    repeat_value = (f.col("value") - f.col("first_value")).cast("double")
    return histories.select(
        "merchant_id",
        "user_id",
        "holdout_days",
        *_recency_and_age("all", f.lit(as_of), ("x", "recency", "age")),
        f.when(f.col("days_all") > 1, repeat_value / (f.col("days_all") - 1)).alias("mean"),
        *_recency_and_age("before", f.col("known_until"), ("x_before", "recency_before", "age_before")),
        f.when(f.col("days_before") > 0, f.col("days_all") - f.col("days_before")).otherwise(0).alias("holdout_orders"),
    )


def _history(condition: Column, name: str) -> list[Column]:
    day = f.when(condition, f.col("day"))
    return [f.min(day).alias(f"first_{name}"), f.max(day).alias(f"last_{name}"), f.count(day).alias(f"days_{name}")]


def _recency_and_age(name: str, until: Column, names: tuple[str, str, str]) -> list[Column]:
    first = f.col(f"first_{name}")
    return [
        f.when(first.isNotNull(), f.col(f"days_{name}") - 1).alias(names[0]),
        (f.datediff(f.col(f"last_{name}"), first) / 7).alias(names[1]),
        (f.datediff(until, first) / 7).alias(names[2]),
    ]


def gap_percentile(days: DataFrame) -> DataFrame:
    """The 90th percentile, interpolated, of the weeks between one purchase of a fan and the next.

    Args:
        days: see `purchase_days`.

    Returns:
        merchant_id, long_gap (weeks); no row for a merchant where nobody bought twice.
    """
    before = f.lag("day").over(Window.partitionBy("merchant_id", "user_id").orderBy("day"))
    return (
        days.where(f.col("value") > 0)
        .withColumn("gap", f.datediff("day", before) / 7)
        .where(f.col("gap").isNotNull())
        .groupBy("merchant_id")
        .agg(f.percentile("gap", 0.9).alias("long_gap"))
    )
