"""What a family is given, the lake as of a day, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce
from types import TracebackType
from typing import Self

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, SparkSession

from contract.events import SOURCES
from contract.settings import Settings
from spark_jobs.lake import derived_tables, event_tables
from spark_jobs.rules.orders import orders_with_refunds


@dataclass(frozen=True)
class Result:
    """What a family tells when its tables are written.

    Attributes:
        rows_in: how many events it read.
        card: its section of the day's model card, as HTML.
        notes: what its report says besides.
    """

    rows_in: int
    card: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


class LakeDay:
    """The lake as of a day, for all families of a session: what several of them read is read once and kept until the end."""

    def __init__(self, spark: SparkSession, settings: Settings, as_of: date) -> None:
        self.spark, self.settings, self.as_of = spark, settings, as_of
        self._kept: list[DataFrame] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None) -> None:
        for rows in self._kept:
            rows.unpersist()

    def read(self, event: str) -> DataFrame:
        """Accepted events of one type; see `lake.event_tables.read_events`."""
        return event_tables.read_events(self.spark, self.settings, event, self.as_of)

    def write(self, table: str, rows: DataFrame) -> None:
        """Make these the table's rows of the day."""
        derived_tables.write_day(rows, self.settings, table, self.as_of)

    def keep(self, rows: DataFrame) -> DataFrame:
        """Compute rows once, however often they are used."""
        self._kept.append(rows.persist())
        return rows

    @cached_property
    def event_counts(self) -> DataFrame:
        """How many accepted events there were, of all sources.

        Columns: merchant_id (null where the event names none), event_type, action, event_date, events.
        """
        key = ("merchant_id", "event_type", "action", "event_date")
        sources = (event_tables.accepted_events(self.spark, self.settings, source, self.as_of) for source in SOURCES)
        events = (_with_action(rows).select(*key) for rows in sources)
        return self.keep(reduce(DataFrame.unionByName, events).groupBy(*key).agg(f.count("*").alias("events")))

    @cached_property
    def orders_and_refunds(self) -> tuple[DataFrame, DataFrame]:
        """See `rules.orders.orders_with_refunds`."""
        orders, refunds = orders_with_refunds(self.read("shop.order_paid.v1"), self.read("shop.order_refunded.v1"))
        return self.keep(orders), self.keep(refunds)

    def events_of(self, *types: str) -> int:
        """How many accepted events of these types there were."""
        return total_events(self.event_counts.where(f.col("event_type").isin(*types)))


def total_events(counts: DataFrame) -> int:
    """The sum over rows of `LakeDay.event_counts`."""
    row = counts.agg(f.sum("events")).first()
    return (row[0] or 0) if row else 0


def _with_action(events: DataFrame) -> DataFrame:
    return events if "action" in events.columns else events.withColumn("action", f.lit(None).cast("string"))
