"""What happened at each merchant on each day, and what follows from it: stages, money, observations for the churn model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyspark.sql.functions as f
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame

from spark_jobs.engine.batches import whole_groups
from spark_jobs.merchant_churn.features import FEATURES, LABEL_DAYS, Entries, Vector, features, last_entries, running_sums
from spark_jobs.rules.money import MONEY, SUMMED_MONEY

COUNTS = ("orders", "logins", "features_used", "tickets", "fans_won", "fans_lost", "shares", "teams")
CHURNED_AFTER, LAUNCHING, RECOVERING = 60, 30, 90  # days
LAUNCHING_ORDERS = 10
OBSERVED_EVERY, OBSERVED_TIMES = 7, 52  # days apart, and at most so many
_EPOCH = date(1970, 1, 1)
_AT_ONCE = 128  # merchants whose timelines are laid out together; a day of one takes up to 750 bytes

OBSERVATION = ", ".join(
    ["merchant_id string", "day date", "stage string", "has_left boolean", *(f"{name} double" for name in FEATURES)]
)


def merchant_days(named: DataFrame, orders: DataFrame, refunds: DataFrame) -> DataFrame:
    """Counts and net revenue of each merchant and day on which something happened.

    Args:
        named: how many events of a type and action name a merchant on a day (merchant_id, event_type, action, event_date,
            events).
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
    """The days of every merchant that any event names, with the days of its first event and of its onboarding.

    Args:
        named: as for `merchant_days`; all event types of all sources that name a merchant.
        days: see `merchant_days`.

    Returns:
        The columns of `days`, first_day and onboarded_on (the earliest onboarding, else the first event). A merchant without
        a row in `days` has one row with a null day.
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

    Returns:
        merchant_id, days_since_last_order, days_since_last_login (null if there was none), revenue_28d, revenue_prev_28d.
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
class Timelines:
    """Days of some merchants, from the first of each to `as_of`: an entry a day, one merchant after another.

    Attributes:
        merchants: their ids.
        begins: the entry of each one's first day.
        merchant: by entry, which one's it is.
        day: by entry, days since 1970.
        counts: by name of `COUNTS`, by entry.
        cents: net revenue by entry, whole numbers.
        stage: see `stages`.
        has_left: no order and no login in the 30 days after; meaningless in the last 30 entries of a merchant.
    """

    merchants: pa.Array
    begins: Entries
    merchant: Entries
    day: Entries
    counts: dict[str, Vector]
    cents: Vector
    stage: NDArray[np.str_]
    has_left: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: pa.Table, as_of: date) -> Timelines:
        """Lay out all rows of some merchants (see `merchant_histories`) day by day.

        Raises:
            ValueError: a row lies before the first day of its merchant or after `as_of`.
        """
        encoded = rows["merchant_id"].combine_chunks().dictionary_encode()
        _, some = np.unique(encoded.indices.to_numpy(), return_index=True)  # a row of each merchant
        first, onboarded = (_days(rows[name])[some] for name in ("first_day", "onboarded_on"))
        lengths = (as_of - _EPOCH).days + 1 - first
        begins = np.cumsum(lengths) - lengths
        merchant = np.repeat(np.arange(len(lengths)), lengths)
        day = np.arange(len(merchant)) + (first - begins)[merchant]

        rows = rows.append_column("merchant", encoded.indices).filter(pc.is_valid(rows["day"]))
        of = rows["merchant"].to_numpy()
        since_first = _days(rows["day"]) - first[of]
        if np.any((since_first < 0) | (since_first >= lengths[of])):
            raise ValueError(f"a day before the first of its merchant, or after {as_of}")
        at = begins[of] + since_first

        def by_day(name: str) -> Vector:
            values = np.zeros(len(day))
            values[at] = rows[name].cast(pa.float64()).to_numpy()
            return values

        counts = {name: by_day(name) for name in COUNTS}
        is_active = (counts["orders"] > 0) | (counts["logins"] > 0)
        active_days = np.cumsum(is_active)
        ahead = np.minimum(np.arange(len(day)) + LABEL_DAYS, (begins + lengths - 1)[merchant])
        has_left = active_days[ahead] == active_days
        stage = stages(is_active, counts["orders"], onboarded - first, begins)
        cents = np.rint(100 * by_day("revenue"))
        return cls(encoded.dictionary, begins, merchant, day, counts, cents, stage, has_left)

    @property
    def changes(self) -> Entries:
        """The entries on which a stage was entered."""
        is_changed = np.ones(len(self.stage), np.bool_)
        np.not_equal(self.stage[1:], self.stage[:-1], out=is_changed[1:])
        is_changed[self.begins] = True
        return np.flatnonzero(is_changed)

    @property
    def today(self) -> Entries:
        """The last entry of each merchant."""
        return np.append(self.begins[1:], len(self.day)) - 1

    def features(self, at: Entries) -> pd.DataFrame:
        """See `features.features`."""
        return features(self.counts, self.cents, at, self.begins)

    def batch(self, at: Entries, columns: dict[str, pa.Array]) -> pa.RecordBatch:
        """Rows about some entries: the id of the merchant, and these columns."""
        return pa.RecordBatch.from_pydict({"merchant_id": self.merchants.take(pa.array(self.merchant[at])), **columns})


def _days(dates: pa.ChunkedArray) -> Entries:
    """Dates as days since 1970."""
    days: Entries = dates.cast(pa.int32()).to_numpy().astype(np.int64)
    return days


def dates(days: Entries, *, unknown: NDArray[np.bool_] | None = None) -> pa.Array:
    """Days since 1970 as dates, null where they are unknown."""
    return pa.array(days.astype(np.int32), pa.int32(), mask=unknown).cast(pa.date32())


def stages(is_active: NDArray[np.bool_], orders: Vector, onboarded: Entries, begins: Entries) -> NDArray[np.str_]:
    """The stage of each day without regard to the churn flag; the first that holds.

    Args:
        is_active: by entry (a merchant's days from its first on, one merchant after another): a paid order or a login.
        orders: by entry: paid orders.
        onboarded: how many days after its first each merchant was onboarded.
        begins: the entry of each merchant's first day.

    Returns:
        By entry: `churned` (nothing in 60 days, onboarded before them), `launching` (onboarded under 30 days ago, or under 10
        orders ever), `recovered` (churned on some of the last 90 days), else `operating`.
    """
    entry = np.arange(len(is_active))
    lengths = np.diff(begins, append=len(entry))
    begin, onboarding = np.repeat(begins, lengths), np.repeat(begins + onboarded, lengths)

    def days_since(is_on: NDArray[np.bool_]) -> Vector:
        last = last_entries(is_on)
        return np.where(last < begin, np.inf, entry - last)

    is_churned = (entry - onboarding >= CHURNED_AFTER) & (days_since(is_active) >= CHURNED_AFTER)
    is_launching = (entry - onboarding < LAUNCHING) | (running_sums(orders, begins) < LAUNCHING_ORDERS)
    return np.select(
        [is_churned, is_launching, days_since(is_churned) < RECOVERING],
        ["churned", "launching", "recovered"],
        default="operating",
    )


def by_merchants(histories: DataFrame, work: Callable[[Timelines], pa.RecordBatch], as_of: date, schema: str) -> DataFrame:
    """What some work makes of the timelines of merchants, some hundreds together.

    Args:
        histories: see `merchant_histories`.
        work: from timelines to rows.
        as_of: the last day of each.
        schema: of the rows.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in whole_groups(batches, "merchant_id", _AT_ONCE):
            yield work(Timelines.of(rows, as_of))

    return histories.repartition("merchant_id").sortWithinPartitions("merchant_id").mapInArrow(run, schema)


def observations(histories: DataFrame, as_of: date) -> DataFrame:
    """What the churn model sees: each merchant on `as_of`, and on past days whose label is known.

    The past days are the same for all merchants: as_of − 30 and every seventh day before it.

    Args:
        histories: see `merchant_histories`.

    Returns:
        merchant_id, day, stage (without the flag), has_left (null on `as_of`), the features.
    """

    def observe(timelines: Timelines) -> pa.RecordBatch:
        ago = np.append(0, LABEL_DAYS + OBSERVED_EVERY * np.arange(OBSERVED_TIMES))
        entries = timelines.today[:, None] - ago
        is_there = entries >= timelines.begins[:, None]
        at = entries[is_there]
        is_today = np.broadcast_to(ago == 0, entries.shape)[is_there]
        seen = timelines.features(at)
        return timelines.batch(
            at,
            {
                "day": dates(timelines.day[at]),
                "stage": pa.array(timelines.stage[at]),
                "has_left": pa.array(timelines.has_left[at], mask=is_today),
                **{name: pa.array(seen[name], from_pandas=True) for name in FEATURES},
            },
        )

    return by_merchants(histories, observe, as_of, OBSERVATION)


def stage_history(histories: DataFrame, as_of: date) -> DataFrame:
    """The mart `merchant_stage_history`: a row for each time a merchant entered a stage, without regard to the churn flag.

    Returns:
        merchant_id, stage, entered_on, left_on (the day on which the next stage was entered, null while it lasts).
    """

    def follow(timelines: Timelines) -> pa.RecordBatch:
        at = timelines.changes
        entered, merchant = timelines.day[at], timelines.merchant[at]
        lasts = np.append(merchant[1:] != merchant[:-1], True)
        return timelines.batch(
            at,
            {
                "stage": pa.array(timelines.stage[at]),
                "entered_on": dates(entered),
                "left_on": dates(np.roll(entered, -1), unknown=lasts),
            },
        )

    return by_merchants(histories, follow, as_of, "merchant_id string, stage string, entered_on date, left_on date")
