"""What the spread graph is made of: the shares, opens, payments and refunds of the lake, as one frame of slim rows."""

from __future__ import annotations

from datetime import date

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, SparkSession

from expectations.settings import Settings
from spark_jobs import lake

SOURCE = "shop"
SHARE, OPEN, ORDER, REFUND = "share", "open", "order", "refund"
KINDS = {
    "shop.share_created.v1": SHARE,
    "shop.share_opened.v1": OPEN,
    "shop.order_paid.v1": ORDER,
    "shop.order_refunded.v1": REFUND,
}


def facts(events: DataFrame) -> DataFrame:
    """Slim rows of the four kinds of events that make up the spread graph.

    Columns, null where the kind has no such field: kind; merchant_id; share_id, for an order the share that led to it;
    user_id; at, microseconds of the epoch; day, business date in days of the epoch; event_id and event_source, null for an
    open, which nothing replaces; parent_share_id; object_type; object_id; channel; order_id; refund_id; cents.

    Args:
        events: accepted events of the shop, all columns.
    """
    kind = f.create_map(*(f.lit(text) for pair in KINDS.items() for text in pair))[f.col("event_type")]
    is_share, is_open, is_order = (
        f.col("event_type") == f"shop.{name}.v1" for name in ("share_created", "share_opened", "order_paid")
    )
    return events.where(f.col("event_type").isin(*KINDS)).select(
        kind.alias("kind"),
        "merchant_id",
        f.when(is_order, f.col("via_share_id")).otherwise(f.col("share_id")).alias("share_id"),
        "user_id",
        f.unix_micros("event_time").alias("at"),
        f.unix_date("event_date").alias("day"),
        f.when(~is_open, f.col("event_id")).alias("event_id"),
        f.when(~is_open, f.col("event_source")).alias("event_source"),
        "parent_share_id",
        f.when(is_share, f.col("object_type")).alias("object_type"),
        f.when(is_share, f.col("object_id")).alias("object_id"),
        f.when(is_share, f.col("channel")).alias("channel"),
        "order_id",
        "refund_id",
        (f.col("amount") * 100).cast("bigint").alias("cents"),
    )


def read(spark: SparkSession, settings: Settings, as_of: date) -> DataFrame:
    """The facts of every accepted event with a business date of at most `as_of`."""
    return facts(lake.accepted_events(spark, settings, SOURCE, as_of))
