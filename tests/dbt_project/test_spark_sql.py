"""Marts that outgrow one machine: Spark SQL makes them from the same models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from benchmarks.spark_sql import NotSpark, compare, table_models, translated
from contract.settings import Settings
from dbt_project.extensions import load_extensions
from tests.dbt_project.conftest import AS_OF

pytestmark = pytest.mark.acceptance
MARTS = ("fan_revenue", "per_fan_revenue", "team_formation")


def test_spark_sql_makes_the_same_rows(built: tuple[Settings, dict[str, Any]], spark: SparkSession, tmp_path: Path) -> None:
    settings, _ = built
    models = table_models(settings.work(AS_OF) / "dbt" / "manifest.json")
    with duckdb.connect(str(settings.warehouse(AS_OF)), read_only=True) as con:
        load_extensions(con)
        for mart in MARTS:
            found = compare(spark, con, mart, models[mart], tmp_path)
            assert found.rows > 0
            assert found.differing == 0
        one = compare(spark, con, "users", f"select * from ({models['users']}) as made limit 1", tmp_path)
        assert one.differing == one.rows - 1 > 0


def test_what_is_no_table_is_not_put_into_other_words() -> None:
    with pytest.raises(NotSpark, match="is no table"):
        translated("select * from read_text('x')")
    assert translated("with a as (select * from marts.users) select * from a")[1] == {("marts", "users")}
