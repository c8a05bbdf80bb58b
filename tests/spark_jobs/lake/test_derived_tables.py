"""Derived tables, day by day, and held to their declarations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from contract.columns import AS_OF, count, flag, identifier
from contract.settings import Settings
from contract.table import Table
from contract.tables import TABLES
from spark_jobs.lake.derived_tables import read_day, write_day
from spark_jobs.lake.schemas import SchemaError, declared_rows

LETTERS = Table(
    "letters",
    "Letters and what they count for.",
    key="id",
    columns=(identifier("id", "The letter."), count("n", "points", "What it counts for."), AS_OF),
    family="alphabet",
    is_mart=False,
)


def test_a_day_replaces_itself_and_no_other_and_a_table_may_widen(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TABLES, "letters", LETTERS)
    one, two = date(2026, 3, 1), date(2026, 3, 2)
    write_day(spark.createDataFrame([("a", 1), ("b", 2)], "id string, n long"), settings, "letters", one)
    write_day(spark.createDataFrame([(3, "c")], "n long, id string"), settings, "letters", two)
    wider = replace(LETTERS, columns=(*LETTERS.columns, flag("is_new", "Whether it is new.")))
    monkeypatch.setitem(TABLES, "letters", wider)
    write_day(spark.createDataFrame([("d", 4, True)], "id string, n long, is_new boolean"), settings, "letters", one)

    def rows(day: date) -> list[tuple[object, ...]]:
        return [tuple(row) for row in read_day(spark, settings, "letters", day).orderBy("id").collect()]

    assert rows(one) == [("d", 4, True)]
    assert rows(two) == [("c", 3, None)]
    write_day(spark.createDataFrame([], "id string, n long, is_new boolean"), settings, "letters", one)
    assert rows(one) == []
    assert rows(two) == [("c", 3, None)]
    elsewhere = replace(settings, run_id="build_marts/manual")
    write_day(spark.createDataFrame([("e", 5, False)], "id string, n long, is_new boolean"), elsewhere, "letters", one)
    history = spark.sql(f"describe history delta.`{settings.lake}/letters`").orderBy("version").collect()
    assert history[-1].userMetadata == "build_marts/manual"


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        pytest.param("id string, points long", "n is missing; points is not declared", id="misspelt"),
        pytest.param("id string, n long, m long", "m is not declared", id="undeclared"),
        pytest.param("id string, n double", "n is double, declared as bigint", id="type"),
    ],
)
def test_what_is_not_as_declared_is_not_written(
    spark: SparkSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, columns: str, fault: str
) -> None:
    monkeypatch.setitem(TABLES, "letters", LETTERS)
    with pytest.raises(SchemaError, match=f"table letters is declared in contract/tables with other columns: {fault}$"):
        write_day(spark.createDataFrame([], columns), settings, "letters", date(2026, 3, 1))
    assert not Path(settings.lake, "letters").exists()


def test_rows_of_arrow_are_held_to_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "letters", LETTERS)
    written = declared_rows(pa.table({"n": pa.array([1], pa.int8()), "id": ["a"]}), "letters")
    assert written.schema == pa.schema({"id": pa.string(), "n": pa.int64()})
    with pytest.raises(SchemaError, match="n is missing; m is not declared"):
        declared_rows(pa.table({"id": ["a"], "m": [1]}), "letters")
    with pytest.raises(pa.ArrowInvalid):
        declared_rows(pa.table({"id": ["a"], "n": [0.5]}), "letters")
