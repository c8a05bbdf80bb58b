"""Derived tables, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pyspark.sql import SparkSession

from contract.settings import Settings
from spark_jobs.lake.derived_tables import read_day, write_day


def test_a_day_replaces_itself_and_no_other_and_a_table_may_widen(spark: SparkSession, settings: Settings) -> None:
    one, two = date(2026, 3, 1), date(2026, 3, 2)
    write_day(spark.createDataFrame([("a", 1), ("b", 2)], "id string, n long"), settings, "derived", one)
    write_day(spark.createDataFrame([("c", 3)], "id string, n long"), settings, "derived", two)
    write_day(spark.createDataFrame([("d", 4, True)], "id string, n long, is_new boolean"), settings, "derived", one)

    def rows(day: date) -> list[tuple[object, ...]]:
        return [tuple(row) for row in read_day(spark, settings, "derived", day).orderBy("id").collect()]

    assert rows(one) == [("d", 4, True)]
    assert rows(two) == [("c", 3, None)]
    write_day(spark.createDataFrame([], "id string, n long, is_new boolean"), settings, "derived", one)
    assert rows(one) == []
    assert rows(two) == [("c", 3, None)]
    elsewhere = replace(settings, run_id="build_marts/manual")
    write_day(spark.createDataFrame([("e", 5)], "id string, n long"), elsewhere, "derived", one)
    history = spark.sql(f"describe history delta.`{settings.lake}/derived`").orderBy("version").collect()
    assert history[-1].userMetadata == "build_marts/manual"
