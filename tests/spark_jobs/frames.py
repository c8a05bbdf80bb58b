"""Small frames of events for the cohort tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession

SHANGHAI = ZoneInfo("Asia/Shanghai")
_WHEN = "event_time timestamp, event_id string, event_source string, event_date date"


def at(text: str) -> datetime:
    """An instant written in Shanghai's time, `2026-03-01` or `2026-03-01 12:00:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def day(text: str) -> date:
    return date.fromisoformat(text)


def days_after(first: date, count: int) -> date:
    return first + timedelta(days=count)


def events(spark: SparkSession, columns: str, rows: Iterable[tuple[Any, ...]], source: str = "shop/m") -> DataFrame:
    """Events with the envelope that jobs see; a row is (time, fields…); ids rise with the rows."""
    full = [
        (row[0], f"e-{number:04d}", source, row[0].astimezone(SHANGHAI).date(), *row[1:]) for number, row in enumerate(rows)
    ]
    return spark.createDataFrame(full, f"{_WHEN}, {columns}")


def table(frame: DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The rows, sorted, of some or all columns."""
    return sorted((tuple(row) for row in frame.select(*(columns or frame.columns)).collect()), key=str)


@contextmanager
def rows_a_batch(spark: SparkSession, most: int) -> Iterator[None]:
    """So many rows at most come to Python together; 10,000 else, so that a small frame is never cut."""
    name = "spark.sql.execution.arrow.maxRecordsPerBatch"
    usual = str(spark.conf.get(name))
    spark.conf.set(name, str(most))
    try:
        yield
    finally:
        spark.conf.set(name, usual)
