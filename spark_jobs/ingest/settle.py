"""What happens to a line because of other lines: duplicates, conflicts, erasure.

Of the copies of one event (`source` + `id`) the one with the smallest (dt, file, line) is accepted, whichever load brought
it; the others are duplicates if they say the same, else conflicts. Lines that name an erased person take part in nothing.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.window import Window

from expectations.contract import ERASURE_REQUEST, Fate, Reason

PLACE = ("file", "line")
COPY_COLUMNS = ("event_key", "value_hash", "dt", "file", "line", "fate", "event_type", "event_id", "event_source", "persons")
KEPT = {
    Fate.DUPLICATE: (*COPY_COLUMNS, "reason"),
    Fate.QUARANTINED: (*COPY_COLUMNS, "reason", "raw"),
    Fate.ERASED: ("dt", "file", "line", "fate"),
}


def is_copy() -> Column:
    """Lines that are well-formed events, whatever their fate among the copies."""
    return f.col("event_key").isNotNull()


def is_request() -> Column:
    return (f.col("event_type") == ERASURE_REQUEST) & is_copy()


def named(lines: DataFrame, people: DataFrame) -> DataFrame:
    """Places (file, line) of the lines that name one of `people` (user_id) and are no request themselves."""
    mentions = lines.where(f.col("persons").isNotNull() & ~f.coalesce(is_request(), f.lit(False)))
    return (
        mentions.select(*PLACE, f.explode("persons").alias("user_id"))
        .join(f.broadcast(people), "user_id", how="left_semi")
        .select(*PLACE)
        .distinct()
    )


def judge_copies(copies: DataFrame) -> DataFrame:
    """The fate of each copy among all copies of its event.

    Args:
        copies: every known copy of the events in question, with `COPY_COLUMNS`.

    Returns:
        `copies` with `new_fate` and `new_reason`.
    """
    order = Window.partitionBy("event_key").orderBy("dt", *PLACE)
    is_first = f.row_number().over(order) == 1
    is_same = f.col("value_hash") == f.first("value_hash").over(order)
    fate = f.when(is_first, Fate.ACCEPTED.value).when(is_same, Fate.DUPLICATE.value).otherwise(Fate.QUARANTINED.value)
    return copies.withColumn("new_fate", fate).withColumn(
        "new_reason", f.when(f.col("new_fate") == Fate.QUARANTINED.value, Reason.CONFLICTING_DUPLICATE.value)
    )


def with_fate(lines: DataFrame, fate: Fate, columns: list[str]) -> DataFrame:
    """Only what a line of `fate` keeps, as `columns`; all others are null."""
    kept = KEPT[fate]
    return lines.withColumn("fate", f.lit(fate.value)).select(
        *(f.col(name) if name in kept else f.lit(None).alias(name) for name in columns)
    )
