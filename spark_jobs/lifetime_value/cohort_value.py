"""What the fans won in a month have brought, will bring, and cost."""

from __future__ import annotations

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, Window

from spark_jobs.rules.money import SUMMED_MONEY, published_money


def cohort_value(orders: DataFrame, refunds: DataFrame, values: DataFrame, spend: DataFrame) -> DataFrame:
    """The mart `cohort_value`: merchant × month of the fans' first order.

    Args:
        orders, refunds: see `rules.orders.orders_with_refunds`.
        values: see `lifetimes.lifetime_value`.
        spend: `shop.spend_recorded` with a merchant (merchant_id, event_date, amount).

    Returns:
        merchant_id, cohort_month (`2026-03`), cohort_size, revenue_per_fan_to_date (net), expected_revenue_per_fan_365d
        (null where the model has no finite mean), spend (all of the merchant's in that month), spend_per_new_fan,
        ltv_to_cac (revenue to date and expected, over spend; null without spend) and payback_months: months from the cohort
        month until net revenue per fan reached the spend per new fan, null while it has not, and without spend.
    """
    fans = orders.groupBy("merchant_id", "user_id").agg(f.trunc(f.min("paid_on"), "month").alias("cohort"))
    cohort = ("merchant_id", "cohort")
    expected = (
        fans.join(values, ["merchant_id", "user_id"])
        .withColumn("is_unknown", f.col("frequency").isNotNull() & f.col("expected_value_365d").isNull())
        .groupBy(*cohort)
        .agg(
            f.count("*").alias("cohort_size"),
            f.when(~f.bool_or("is_unknown"), f.coalesce(f.sum("expected_value_365d"), f.lit(0))).alias("expected"),
        )
    )
    spent = (
        spend.where(f.col("merchant_id").isNotNull())
        .groupBy("merchant_id", f.trunc("event_date", "month").alias("cohort"))
        .agg(f.sum("amount").cast(SUMMED_MONEY).alias("spend"))
    )
    costs = (
        expected.join(spent, list(cohort), "left")
        .withColumn("spend", f.coalesce("spend", f.lit(0).cast(SUMMED_MONEY)))
        .withColumn("spend_per_new_fan", f.col("spend").cast("double") / f.col("cohort_size"))
    )
    moved = orders.select("merchant_id", "user_id", f.col("paid_on").alias("day"), "amount").unionByName(
        refunds.select("merchant_id", "user_id", f.col("refunded_on").alias("day"), (-f.col("amount")).alias("amount"))
    )
    months = f.months_between(f.trunc("day", "month"), "cohort").cast("int")
    by_period = (
        moved.join(fans, ["merchant_id", "user_id"])
        .groupBy(*cohort, f.greatest(months, f.lit(0)).alias("period"))
        .agg(f.sum("amount").alias("revenue"))
    )
    so_far = Window.partitionBy(*cohort).orderBy("period")
    is_paid_back = (f.col("spend") > 0) & (f.col("cumulative") >= f.col("spend"))
    earned = (
        by_period.withColumn("cumulative", f.sum("revenue").over(so_far))
        .join(costs.select(*cohort, "spend"), list(cohort))
        .groupBy(*cohort)
        .agg(f.sum("revenue").alias("revenue"), f.min(f.when(is_paid_back, f.col("period"))).alias("payback_months"))
    )
    to_date = f.col("revenue").cast("double") / f.col("cohort_size")
    to_come = f.col("expected").cast("double") / f.col("cohort_size")
    return costs.join(earned, list(cohort)).select(
        "merchant_id",
        f.date_format("cohort", "yyyy-MM").alias("cohort_month"),
        "cohort_size",
        to_date.alias("revenue_per_fan_to_date"),
        to_come.alias("expected_revenue_per_fan_365d"),
        published_money(f.col("spend")).alias("spend"),
        "spend_per_new_fan",
        f.when(f.col("spend") > 0, (to_date + to_come) / f.col("spend_per_new_fan")).alias("ltv_to_cac"),
        "payback_months",
    )
