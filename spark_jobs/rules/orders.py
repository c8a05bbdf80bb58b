"""Which orders and refunds count.

An order or refund that came more than once with its id counts once, by its earliest event. A refund belongs to its order
and counts once that order is there.
"""

from __future__ import annotations

import pyspark.sql.functions as f
from pyspark.sql import DataFrame

from spark_jobs.rules.time_order import TIME_ORDER, earliest


def orders_with_refunds(orders: DataFrame, refunds: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Orders and the refunds of those orders, each id once.

    Args:
        orders: `shop.order_paid` events.
        refunds: `shop.order_refunded` events.

    Returns:
        orders (merchant_id, order_id, user_id, paid_on, amount), and
        refunds (merchant_id, order_id, user_id, refunded_on, amount), the user being the order's.
    """
    when = (*TIME_ORDER, "event_date")
    paid = earliest(orders.select(*when, "merchant_id", "order_id", "user_id", "amount"), "merchant_id", "order_id").select(
        "merchant_id", "order_id", "user_id", f.col("event_date").alias("paid_on"), "amount"
    )
    given_back = earliest(
        refunds.select(*when, "merchant_id", "refund_id", "order_id", "amount"), "merchant_id", "refund_id"
    ).select("merchant_id", "order_id", f.col("event_date").alias("refunded_on"), "amount")
    return paid, given_back.join(paid.select("merchant_id", "order_id", "user_id"), ["merchant_id", "order_id"])
