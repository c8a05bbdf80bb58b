"""Read the day's events, work out the cohort tables, write them."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.cohorts.group_survival import end_of_day, group_durations, group_lifetimes, group_survival


def cohorts(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, object]:
    """Write the cohort tables of `as_of`.

    Returns:
        The report: step, as_of, rows_in, rows_out, and the rows of each table.
    """
    chats, messages, joins = (
        lake.read_events(spark, settings, f"group.{name}.v1", as_of) for name in ("chat_created", "message_posted", "member_joined")
    )
    durations = group_durations(chats, messages, joins, end_of_day(as_of, settings.timezone)).persist()
    survival = group_survival(durations)
    lake.write_day(survival, settings, "group_survival", as_of)
    lake.write_day(group_lifetimes(durations, survival), settings, "group_lifetimes", as_of)
    return {"step": "cohorts", "as_of": as_of.isoformat()}
