"""What happened at each merchant on each day, and what follows from it: stages, money, observations for the churn model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyspark.sql.functions as f
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame

from spark_jobs.merchant_churn.features import FEATURES, LABEL_DAYS, features
from spark_jobs.rules.money import MONEY, SUMMED_MONEY

COUNTS = ("orders", "logins", "features_used", "tickets", "fans_won", "fans_lost", "shares", "teams")
CHURNED_AFTER, LAUNCHING, RECOVERING = 60, 30, 90  # days
LAUNCHING_ORDERS = 10
OBSERVED_EVERY, OBSERVED_TIMES = 7, 52  # days, and how many days at most

OBSERVATION = ", ".join(
    ["merchant_id string", "day date", "stage string", "has_left boolean", *(f"{name} double" for name in FEATURES)]
)


def merchant_days(named: DataFrame, orders: DataFrame, refunds: DataFrame) -> DataFrame:
    """Counts and net revenue of each merchant and day on which something counted.

    Args:
        named: how many events of a kind named a merchant on a day (merchant_id, event_type, action, event_date, events).
        orders, refunds: see `rules.orders.orders_with_refunds`.

    Returns:
        merchant_id, day, the counts of `COUNTS`, revenue (decimal, net, refunds on their own day).
    """
    kinds = {
        ("shop.merchant_active.v1", "login"): "logins",
        ("shop.merchant_active.v1", "feature_used"): "features_used",
        ("shop.merchant_active.v1", "support_ticket"): "tickets",
        ("shop.fan_followed.v1", None): "fans_won",
        ("shop.fan_unfollowed.v1", None): "fans_lost",
        ("shop.fan_blocked.v1", None): "fans_lost",
        ("shop.share_created.v1", None): "shares",
        ("group.team_opened.v1", None): "teams",
    }
    what = f.lit(None).cast("string")
    for (event_type, action), name in kinds.items():
        what = f.when((f.col("event_type") == event_type) & (f.col("action").eqNullSafe(f.lit(action))), name).otherwise(what)
    nothing = f.lit(0).cast(MONEY)

    def rows(events: DataFrame, day: str, what: Column, count: Column, revenue: Column) -> DataFrame:
        columns = {"day": f.col(day), "what": what, "events": count, "revenue": revenue}
        return events.select("merchant_id", *(column.alias(name) for name, column in columns.items()))

    counted = rows(named, "event_date", what, f.col("events"), nothing).where(f.col("what").isNotNull())
    paid = rows(orders, "paid_on", f.lit("orders"), f.lit(1), f.col("amount"))
    back = rows(refunds, "refunded_on", f.lit("refunds"), f.lit(1), -f.col("amount"))
    everything = counted.unionByName(paid).unionByName(back)
    totals = (f.coalesce(f.sum(f.when(f.col("what") == name, f.col("events"))), f.lit(0)).alias(name) for name in COUNTS)
    return everything.groupBy("merchant_id", "day").agg(*totals, f.sum("revenue").cast(SUMMED_MONEY).alias("revenue"))


def merchant_histories(named: DataFrame, days: DataFrame) -> DataFrame:
    """The days of every merchant that any event names, with when it was first heard of and when it was onboarded.

    Args:
        named: as for `merchant_days`; all event types of all sources that name a merchant.
        days: see `merchant_days`.

    Returns:
        The columns of `days`, first_day and onboarded_on (the earliest onboarding, else the first event); one row with null
        day for a merchant without a day that counts.
    """
    onboarding = f.when(f.col("event_type") == "shop.merchant_onboarded.v1", f.col("event_date"))
    merchants = named.groupBy("merchant_id").agg(
        f.min("event_date").alias("first_day"),
        f.coalesce(f.min(onboarding), f.min("event_date")).alias("onboarded_on"),
    )
    return merchants.join(days, "merchant_id", "left")


def recent_money(histories: DataFrame, as_of: date) -> DataFrame:
    """Days since the last order and login, and net revenue of the last 28 days and the 28 before.

    Args:
        histories: see `merchant_histories`.
    """
    age = f.datediff(f.lit(as_of), "day")

    def revenue(from_age: int, to_age: int) -> Column:
        return f.coalesce(f.sum(f.when(age.between(from_age, to_age), f.col("revenue"))), f.lit(0)).cast(SUMMED_MONEY)

    return histories.groupBy("merchant_id").agg(
        f.min(f.when(f.col("orders") > 0, age)).alias("days_since_last_order"),
        f.min(f.when(f.col("logins") > 0, age)).alias("days_since_last_login"),
        revenue(0, 27).alias("revenue_28d"),
        revenue(28, 55).alias("revenue_prev_28d"),
    )


@dataclass(frozen=True)
class Timeline:
    """A merchant's days from the first to `as_of`, one entry a day.

    Attributes:
        first_day: the date of entry 0.
        counts: by name of `COUNTS`.
        cents: net revenue, whole numbers.
        stage: see `stages`.
        has_left: no order and no login in the 30 days after; meaningless in the last 30 entries.
    """

    first_day: date
    counts: dict[str, NDArray[np.float64]]
    cents: NDArray[np.float64]
    stage: NDArray[np.str_]
    has_left: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: pd.DataFrame, as_of: date) -> Timeline:
        """Lay out the rows of one merchant (see `merchant_histories`) day by day."""
        first_day = rows["first_day"].iloc[0]
        length = (as_of - first_day).days + 1
        onboarded = (rows["onboarded_on"].iloc[0] - first_day).days
        rows = rows[rows["day"].notna()]
        at = np.array([(day - first_day).days for day in rows["day"]], dtype=np.int64)

        def by_day(name: str) -> NDArray[np.float64]:
            values = np.zeros(length)
            values[at] = rows[name].to_numpy(np.float64)
            return values

        counts = {name: by_day(name) for name in COUNTS}
        is_active = (counts["orders"] > 0) | (counts["logins"] > 0)
        active_days = np.concatenate([[0], np.cumsum(is_active)])
        ahead = np.minimum(np.arange(length) + 1 + LABEL_DAYS, length)
        has_left = active_days[ahead] == active_days[1:]
        stage = stages(is_active, counts["orders"], onboarded)
        return cls(first_day, counts, np.rint(100 * by_day("revenue")), stage, has_left)

    @property
    def changes(self) -> NDArray[np.int64]:
        """The entries on which a stage was entered."""
        return np.flatnonzero(np.concatenate([[True], self.stage[1:] != self.stage[:-1]]))


def stages(is_active: NDArray[np.bool_], orders: NDArray[np.float64], onboarded: int) -> NDArray[np.str_]:
    """The stage of each day as it is without the flag; the first that holds.

    Args:
        is_active: by day: a paid order or a login.
        orders: by day: paid orders.
        onboarded: the day of onboarding.

    Returns:
        By day: `churned` (nothing in 60 days, onboarded before them), `launching` (onboarded under 30 days ago, or under 10
        orders ever), `recovered` (churned on some of the last 90 days), else `operating`.
    """
    day = np.arange(len(is_active))
    last_active = np.maximum.accumulate(np.where(is_active, day, -CHURNED_AFTER))
    is_churned = (day - onboarded >= CHURNED_AFTER) & (day - last_active >= CHURNED_AFTER)
    last_churned = np.maximum.accumulate(np.where(is_churned, day, -RECOVERING))
    is_launching = (day - onboarded < LAUNCHING) | (np.cumsum(orders) < LAUNCHING_ORDERS)
    return np.select(
        [is_churned, is_launching, day - last_churned < RECOVERING], ["churned", "launching", "recovered"], default="operating"
    )


def observations(histories: DataFrame, as_of: date) -> DataFrame:
    """What the churn model sees: each merchant as of `as_of`, and on past days whose next 30 are over.

    The past days are the same for all merchants: as_of − 30 and every seventh day before it.

    Args:
        histories: see `merchant_histories`.

    Returns:
        merchant_id, day, stage (without the flag), has_left (null on `as_of`), the features.
    """

    def observe(rows: pd.DataFrame) -> pd.DataFrame:
        timeline = Timeline.of(rows, as_of)
        today = len(timeline.stage) - 1
        past = today - LABEL_DAYS - OBSERVED_EVERY * np.arange(OBSERVED_TIMES)
        at = np.concatenate([[today], past[past >= 0]])
        known = at <= today - LABEL_DAYS
        frame = features(timeline.counts, timeline.cents, at)
        frame.insert(0, "merchant_id", rows["merchant_id"].iloc[0])
        frame.insert(1, "day", [timeline.first_day + timedelta(days=int(day)) for day in at])
        frame.insert(2, "stage", timeline.stage[at])
        frame.insert(3, "has_left", np.where(known, timeline.has_left[at], None))
        return frame

    return histories.groupBy("merchant_id").applyInPandas(observe, OBSERVATION)


def stage_history(histories: DataFrame, as_of: date) -> DataFrame:
    """The mart `merchant_stage_history`: a row for each time a merchant entered a stage, without the flag.

    Returns:
        merchant_id, stage, entered_on, left_on (the day on which the next stage was entered, null while it lasts).
    """

    def follow(rows: pd.DataFrame) -> pd.DataFrame:
        timeline = Timeline.of(rows, as_of)
        entered = [timeline.first_day + timedelta(days=int(day)) for day in timeline.changes]
        return pd.DataFrame(
            {
                "merchant_id": rows["merchant_id"].iloc[0],
                "stage": timeline.stage[timeline.changes],
                "entered_on": entered,
                "left_on": [*entered[1:], None],
            }
        )

    schema = "merchant_id string, stage string, entered_on date, left_on date"
    return histories.groupBy("merchant_id").applyInPandas(follow, schema)
