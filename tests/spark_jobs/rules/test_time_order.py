"""Which of several events with one id counts, by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyspark.sql.functions as f
from pyspark.sql import SparkSession

from spark_jobs.rules.time_order import earliest, earliest_places, latest


def test_the_earliest_row_counts_then_the_smaller_id_then_the_smaller_source() -> None:
    rows = pa.table(
        {
            "event_time": [5, 4, 4, 4, 9, 1],
            "event_id": ["a", "c", "b", "b", "z", "y"],
            "event_source": ["s", "s", "t", "s", "s", "s"],
        }
    )
    assert earliest_places(rows, np.arange(5), np.array([7, 7, 7, 7, 3])).tolist() == [4, 3]
    assert earliest_places(rows, np.array([0, 1, 5]), np.array([2, 2, 1])).tolist() == [5, 1]
    assert earliest_places(rows, np.array([5, 0]), np.array([2, 1])).tolist() == [0, 5]
    assert earliest_places(rows, np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_earliest_and_latest_of_data_frames(spark: SparkSession) -> None:
    day = [datetime(2026, 3, number, tzinfo=UTC) for number in (1, 2)]
    rows = [
        ("k", day[1], "a", "s", 1),
        ("k", day[0], "b", "t", 2),
        ("k", day[0], "b", "s", 3),
        ("k", day[1], "a", "t", 4),
        ("l", day[1], "z", "s", 5),
    ]
    schema = "key string, event_time timestamp, event_id string, event_source string, value int"
    events = spark.createDataFrame(rows, schema)
    first = earliest(events, "key")
    assert sorted(first.columns) == sorted(events.columns)
    assert {(row.key, row.value) for row in first.collect()} == {("k", 3), ("l", 5)}
    last = events.groupBy("key").agg(latest("value").alias("latest")).select("key", f.col("latest.value"))
    assert {tuple(row) for row in last.collect()} == {("k", 4), ("l", 5)}
