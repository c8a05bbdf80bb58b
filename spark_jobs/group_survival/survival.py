"""How long chat groups live: Kaplan-Meier curves by stratum.

A group is born at its earliest `chat_created`, and described by its latest. It is judged at C, 14 days before the end of
`as_of`: a group without a message after C died at its last message (at birth if it had none), any other is alive and
censored at C. Durations are whole days, cut down. Groups born after C are left out.

Sources: Kaplan, Meier 1958; Greenwood 1926 with the log-log transform (Kalbfleisch, Prentice 1980).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyspark.sql.functions as f
from pyspark.sql import Column, DataFrame, Window

from contract.business_days import day_end
from spark_jobs.rules.time_order import latest

SILENCE = timedelta(days=14)
RMST_DAYS = 90
Z_95 = 1.959963984540054
MICROSECONDS_A_DAY = 86_400_000_000


def end_of_judged(as_of: date, timezone: str) -> datetime:
    """C: the end of the business date two weeks before `as_of`."""
    return day_end(as_of - SILENCE, ZoneInfo(timezone))


def group_durations(chats: DataFrame, messages: DataFrame, joins: DataFrame, judged: datetime) -> DataFrame:
    """One row a group born by C: how long it lived, whether it died, and its strata.

    Args:
        chats: `group.chat_created` (event_time, event_id, event_source, group_id, kind, driver).
        messages: `group.message_posted` (event_time, group_id).
        joins: `group.member_joined` (event_time, group_id, user_id).
        judged: C, see `end_of_judged`; all events lie before the end of `as_of`.

    Returns:
        group_id, duration (int, whole days), died (boolean), kind, driver, size_band.
    """
    judged_at = f.lit(judged)
    groups = (
        chats.groupBy("group_id")
        .agg(f.min("event_time").alias("born_at"), latest("kind", "driver").alias("latest"))
        .where(f.col("born_at") <= judged_at)
    )
    last_messages = messages.groupBy("group_id").agg(f.max("event_time").alias("last_message_at"))
    members = joins.where(f.col("event_time") <= judged_at).groupBy("group_id").agg(f.countDistinct("user_id").alias("members"))
    died = f.col("last_message_at").isNull() | (f.col("last_message_at") <= judged_at)
    ended_at = f.when(f.col("died"), f.coalesce("last_message_at", "born_at")).otherwise(judged_at)
    lived = f.floor((f.unix_micros(ended_at) - f.unix_micros("born_at")) / MICROSECONDS_A_DAY)
    return (
        groups.join(last_messages, "group_id", "left")
        .join(members, "group_id", "left")
        .withColumn("died", died)
        .select(
            "group_id",
            f.greatest(lived, f.lit(0)).cast("int").alias("duration"),
            "died",
            f.coalesce("latest.kind", f.lit("unknown")).alias("kind"),
            f.coalesce("latest.driver", f.lit("unknown")).alias("driver"),
            size_band(f.coalesce("members", f.lit(0))).alias("size_band"),
        )
    )


def size_band(members: Column) -> Column:
    """The band of a number of members."""
    return (
        f.when(members >= 200, "200+")
        .when(members >= 100, "100-199")
        .when(members >= 50, "50-99")
        .when(members >= 15, "15-49")
        .when(members >= 1, "1-14")
        .otherwise("0")
    )


def group_survival(durations: DataFrame) -> DataFrame:
    """Kaplan-Meier curve of each stratum, a row for each day from 0 to its longest duration.

    Args:
        durations: see `group_durations`.

    Returns:
        stratum, value, day, at_risk, deaths, survival, survival_lo, survival_hi (null where survival is 0 or 1).
    """
    ended = (
        _by_stratum(durations)
        .groupBy("stratum", "value", f.col("duration").alias("day"))
        .agg(f.count("*").alias("ended"), f.count_if("died").alias("deaths"))
    )
    days = (
        ended.groupBy("stratum", "value")
        .agg(f.max("day").alias("longest"))
        .select("stratum", "value", f.explode(f.sequence(f.lit(0), "longest")).alias("day"))
    )
    so_far = Window.partitionBy("stratum", "value").orderBy("day").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    # From the end: a frame that follows to the end is summed again for each row, so a group of twenty years would take minutes.
    from_here = so_far.orderBy(f.desc("day"))
    n, d = f.col("at_risk"), f.col("deaths")
    survival = f.col("survival")
    # S^exp(±z·se/ln S) is the log-log band; the variance is not needed where S is 0 or 1.
    spread = f.exp(Z_95 * f.sqrt("greenwood") / f.log(survival))
    inside = (survival > 0) & (survival < 1)
    return (
        days.join(ended, ["stratum", "value", "day"], "left")
        .withColumn("deaths", f.coalesce("deaths", f.lit(0)))
        .withColumn("at_risk", f.sum(f.coalesce("ended", f.lit(0))).over(from_here))
        .withColumn("survival", f.product(1 - d / n).over(so_far))
        .withColumn("greenwood", f.sum(f.when(n > d, d / (n * (n - d))).otherwise(0.0)).over(so_far))
        .select(
            "stratum",
            "value",
            "day",
            "at_risk",
            "deaths",
            "survival",
            f.when(inside, f.pow(survival, 1 / spread)).alias("survival_lo"),
            f.when(inside, f.pow(survival, spread)).alias("survival_hi"),
        )
    )


def group_lifetimes(durations: DataFrame, survival: DataFrame) -> DataFrame:
    """Summary of each stratum's curve.

    Returns:
        stratum, value, groups, deaths, median_days (first day with survival of at most a half, null if none),
        rmst_90 (sum of survival over days 0 to 89; the curve stays where it ended), naive_mean_days (over the dead, null
        without any).
    """
    counts = (
        _by_stratum(durations)
        .groupBy("stratum", "value")
        .agg(
            f.count("*").alias("groups"),
            f.count_if("died").alias("deaths"),
            f.avg(f.when(f.col("died"), f.col("duration"))).alias("naive_mean_days"),
        )
    )
    days_left = f.greatest(f.lit(0), RMST_DAYS - 1 - f.max("day"))
    curves = survival.groupBy("stratum", "value").agg(
        f.min(f.when(f.col("survival") <= 0.5, f.col("day"))).alias("median_days"),
        f.array_sort(f.collect_list(f.when(f.col("day") < RMST_DAYS, f.struct("day", "survival")))).alias("curve"),
        (days_left * f.min("survival")).alias("beyond"),
    )
    # Added up in the order of days, so that the last digit does not depend on how rows were grouped.
    area = f.aggregate("curve", f.lit(0.0), lambda total, point: total + point["survival"])
    return counts.join(curves, ["stratum", "value"]).select(
        "stratum", "value", "groups", "deaths", "median_days", (area + f.col("beyond")).alias("rmst_90"), "naive_mean_days"
    )


def _by_stratum(durations: DataFrame) -> DataFrame:
    """Each group once in each of its strata: stratum, value, duration, died."""
    strata = f.array(
        f.struct(f.lit("all").alias("stratum"), f.lit("all").alias("value")),
        *(f.struct(f.lit(name).alias("stratum"), f.col(name).alias("value")) for name in ("kind", "driver", "size_band")),
    )
    return durations.select(f.inline(strata), "duration", "died")
