"""Read the day's events, work out the cohort tables, write them."""

from __future__ import annotations

from datetime import date
from functools import cached_property, reduce

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, SparkSession

from contract.events import SOURCES, Fate
from contract.settings import Settings
from spark_jobs.cohorts import churn, lifetimes, merchant_days
from spark_jobs.cohorts.churn_model import Learned
from spark_jobs.cohorts.cohort_value import cohort_value
from spark_jobs.cohorts.group_survival import end_of_judged, group_durations, group_lifetimes, group_survival
from spark_jobs.cohorts.model_card import Evidence, write_model_card
from spark_jobs.cohorts.purchases import customers, gap_percentile, orders_with_refunds, purchase_days
from spark_jobs.engine.session import together
from spark_jobs.lake import catalog, derived_tables, event_tables

TABLES = (
    "group_survival",
    "group_lifetimes",
    "lifetime_value",
    "ltv_model",
    "fan_churn_flags",
    "cohort_value",
    "merchant_churn_flags",
    "churn_model_evaluation",
    "merchant_stage_history",
)


class _Day:
    """The lake as of a day."""

    def __init__(self, spark: SparkSession, settings: Settings, as_of: date) -> None:
        self.spark, self.settings, self.as_of = spark, settings, as_of
        self._kept: list[DataFrame] = []

    def read(self, event: str) -> DataFrame:
        return event_tables.read_events(self.spark, self.settings, event, self.as_of)

    def write(self, table: str, rows: DataFrame) -> None:
        derived_tables.write_day(rows, self.settings, table, self.as_of)

    def keep(self, rows: DataFrame) -> DataFrame:
        """Work out rows once, until `release`."""
        self._kept.append(rows.persist())
        return rows

    def release(self) -> None:
        for rows in self._kept:
            rows.unpersist()

    @cached_property
    def named(self) -> DataFrame:
        """How many events of a kind named a merchant on a day: merchant_id, event_type, action, event_date, events."""
        key = ("merchant_id", "event_type", "action", "event_date")
        paths = (catalog.table_path(self.settings, f"{source}_events") for source in SOURCES)
        tables = (_with_action(self.spark.read.format("delta").load(path)) for path in paths)
        is_known = (f.col("fate") == Fate.ACCEPTED.value) & (f.col("event_date") <= f.lit(self.as_of))
        named = (table.where(is_known & f.col("merchant_id").isNotNull()).select(*key) for table in tables)
        return self.keep(reduce(DataFrame.unionByName, named).groupBy(*key).agg(f.count("*").alias("events")))

    @cached_property
    def orders_and_refunds(self) -> tuple[DataFrame, DataFrame]:
        orders, refunds = orders_with_refunds(self.read("shop.order_paid.v1"), self.read("shop.order_refunded.v1"))
        return self.keep(orders), self.keep(refunds)


def _with_action(events: DataFrame) -> DataFrame:
    return events if "action" in events.columns else events.withColumn("action", f.lit(None).cast("string"))


def cohorts(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, object]:
    """Write the cohort tables of `as_of`, and the model card.

    Returns:
        The report: step, as_of, rows_in (events that name a merchant), rows_out, rows of each table, the churn model's
        version, and where the model card lies.
    """
    day = _Day(spark, settings, as_of)
    _, (by_frequency, by_week), (learned, today) = together(lambda: _groups(day), lambda: _fans(day), lambda: _merchants(day))
    card = settings.home / "model_cards" / f"{as_of.isoformat()}.html"
    write_model_card(card, as_of, learned, Evidence(today, by_frequency, by_week))
    rows = {table: catalog.row_counts(settings, table, "as_of").get(as_of.isoformat(), 0) for table in TABLES}
    read = day.named.agg(f.sum("events")).first()
    day.release()
    return {
        "step": "cohorts",
        "as_of": as_of.isoformat(),
        "rows_in": read[0] or 0 if read else 0,
        "rows_out": sum(rows.values()),
        "tables": rows,
        "churn_model": learned.version,
        "model_card": str(card),
    }


def _groups(day: _Day) -> None:
    chats, messages, joins = (day.read(f"group.{name}.v1") for name in ("chat_created", "message_posted", "member_joined"))
    durations = day.keep(group_durations(chats, messages, joins, end_of_judged(day.as_of, day.settings.timezone)))
    survival = group_survival(durations)
    day.write("group_survival", survival)
    day.write("group_lifetimes", group_lifetimes(durations, survival))


def _fans(day: _Day) -> tuple[list[tuple[int, int, int, float]], list[tuple[int, int, float]]]:
    """Write the tables about fans; returns the holdout by frequency and by week."""
    orders, refunds = day.orders_and_refunds
    days = day.keep(purchase_days(orders, refunds))
    histories = day.keep(customers(days, day.as_of))
    merchants, platform = lifetimes.fit_merchants(histories), lifetimes.fit_platform(histories)
    parameters = day.keep(lifetimes.choose_parameters(merchants, platform))
    scored = day.keep(lifetimes.score_customers(histories, parameters))
    values = lifetimes.lifetime_value(scored)
    day.write("lifetime_value", values)
    spend = day.read("shop.spend_recorded.v1")
    *_, by_frequency, by_week = together(
        lambda: day.write("ltv_model", lifetimes.ltv_model(scored, parameters)),
        lambda: day.write("fan_churn_flags", lifetimes.fan_churn_flags(values, gap_percentile(days))),
        lambda: day.write("cohort_value", cohort_value(orders, refunds, values, spend)),
        lambda: lifetimes.holdout_by_frequency(scored).orderBy("frequency").collect(),
        lambda: lifetimes.holdout_by_week(histories, parameters, days, day.as_of).orderBy("week").collect(),
    )
    return [tuple(row) for row in by_frequency], [tuple(row) for row in by_week]


def _merchants(day: _Day) -> tuple[Learned, dict[str, list[float]]]:
    """Write the tables about merchants; returns the churn model and how the day's merchants are spread over its inputs."""
    capacity = day.settings.churn_capacity
    days = merchant_days.merchant_days(day.named, *day.orders_and_refunds)
    histories = day.keep(merchant_days.merchant_histories(day.named, days))
    observations = day.keep(merchant_days.observations(histories, day.as_of))
    learned = churn.learn_churn(observations, capacity, day.settings.churn_threshold)
    scored = day.keep(churn.score_merchants(observations, learned, day.as_of))
    money = merchant_days.recent_money(histories, day.as_of)
    since = churn.at_risk_since(scored, histories, learned, day.as_of)
    *_, today = together(
        lambda: day.write("merchant_churn_flags", churn.merchant_churn_flags(scored, money, since, learned, capacity)),
        lambda: day.write("churn_model_evaluation", churn.churn_model_evaluation(day.spark, learned)),
        lambda: day.write("merchant_stage_history", merchant_days.stage_history(histories, day.as_of)),
        lambda: churn.input_shares(observations, learned, day.as_of),
    )
    return learned, today
