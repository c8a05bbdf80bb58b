"""What the spread graph is made of: the shares, opens, payments and refunds of the lake, as one frame of slim rows."""

from __future__ import annotations

from datetime import date

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, SparkSession

from expectations.settings import Settings
from spark_jobs import lake

# Columns that only some kinds have are null in the others. `at`: microseconds of the epoch; `day`: days of the epoch, business date.
COLUMNS = """
    kind string, merchant_id string, share_id string, user_id string, at bigint, day int, event_id string, event_source string,
    parent_share_id string, object_type string, object_id string, channel string, order_id string, refund_id string, cents bigint
"""
SHARE, OPEN, ORDER, REFUND = "share", "open", "order", "refund"
EVENT_TYPES = {
    "shop.share_created.v1": SHARE,
    "shop.share_opened.v1": OPEN,
    "shop.order_paid.v1": ORDER,
    "shop.order_refunded.v1": REFUND,
}


def slim(events: DataFrame, kind: str) -> DataFrame:
    """Events of one type as rows of `COLUMNS`; `share_id` of an order is the share that led to it."""
    columns = set(events.columns)
    values = {
        "kind": f.lit(kind),
        "at": f.unix_micros("event_time"),
        "day": f.unix_date("event_date"),
        "share_id": f.col("via_share_id") if kind == ORDER else None,
        "cents": (f.col("amount") * 100).cast("bigint") if kind in (ORDER, REFUND) else None,
    }
    selected = []
    for column in COLUMNS.split(","):
        name, column_type = column.split()
        value = values.get(name)
        if value is None:
            value = f.col(name) if name in columns else f.lit(None)
        selected.append(value.cast(column_type).alias(name))
    return events.select(selected)


def read(spark: SparkSession, settings: Settings, as_of: date) -> DataFrame:
    """The rows of `COLUMNS` for every accepted event with a business date of at most `as_of`."""
    frames = [slim(lake.read_events(spark, settings, event_type, as_of), kind) for event_type, kind in EVENT_TYPES.items()]
    rows = frames[0]
    for frame in frames[1:]:
        rows = rows.unionByName(frame)
    return rows
