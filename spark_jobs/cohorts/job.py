"""Read the day's events, work out the cohort tables, write them."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, SparkSession

from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.cohorts import lifetimes
from spark_jobs.cohorts.group_survival import end_of_day, group_durations, group_lifetimes, group_survival
from spark_jobs.cohorts.purchases import customers, gap_percentile, orders_with_refunds, purchase_days


class _Day:
    """The lake as of a day."""

    def __init__(self, spark: SparkSession, settings: Settings, as_of: date) -> None:
        self.spark, self.settings, self.as_of = spark, settings, as_of

    def read(self, event: str) -> DataFrame:
        return lake.read_events(self.spark, self.settings, event, self.as_of)

    def write(self, table: str, rows: DataFrame) -> None:
        lake.write_day(rows, self.settings, table, self.as_of)


def cohorts(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, object]:
    """Write the cohort tables of `as_of`.

    Returns:
        The report: step, as_of, rows_in, rows_out, and the rows of each table.
    """
    day = _Day(spark, settings, as_of)
    _groups(day)
    _fans(day)
    return {"step": "cohorts", "as_of": as_of.isoformat()}


def _groups(day: _Day) -> None:
    chats, messages, joins = (day.read(f"group.{name}.v1") for name in ("chat_created", "message_posted", "member_joined"))
    durations = group_durations(chats, messages, joins, end_of_day(day.as_of, day.settings.timezone)).persist()
    survival = group_survival(durations)
    day.write("group_survival", survival)
    day.write("group_lifetimes", group_lifetimes(durations, survival))


def _fans(day: _Day) -> None:
    orders, refunds = orders_with_refunds(day.read("shop.order_paid.v1"), day.read("shop.order_refunded.v1"))
    days = purchase_days(orders, refunds).persist()
    histories = customers(days, day.as_of).persist()
    merchants, platform = lifetimes.fit_merchants(histories), lifetimes.fit_platform(histories)
    parameters = lifetimes.choose_parameters(merchants, platform).persist()
    scored = lifetimes.score_customers(histories, parameters).persist()
    values = lifetimes.lifetime_value(scored)
    day.write("lifetime_value", values)
    day.write("ltv_model", lifetimes.ltv_model(scored, parameters))
    day.write("fan_churn_flags", lifetimes.fan_churn_flags(values, gap_percentile(days)))
