"""Money as the tables publish it."""

from __future__ import annotations

from decimal import Decimal

import pyspark.sql.functions as f
from pyspark.sql import SparkSession

from spark_jobs.rules.money import published_money

MOST = "9999999999999999.99"  # of DECIMAL(18,2)


def test_an_amount_that_does_not_fit_is_published_as_null(spark: SparkSession) -> None:
    amounts = spark.createDataFrame(
        [(Decimal(MOST),), (Decimal("-" + MOST),), (Decimal("10000000000000000.00"),), (None,)], "amount decimal(38,2)"
    )
    published = [row[0] for row in amounts.select(published_money(f.col("amount"))).collect()]
    assert published == [Decimal(MOST), Decimal("-" + MOST), None, None]
    doubles = spark.createDataFrame([(1e300,), (float("nan"),), (12.345,)], "amount double")
    assert [row[0] for row in doubles.select(published_money(f.col("amount"))).collect()] == [None, None, Decimal("12.35")]
