"""Derived tables: what a model works out of the events for a day.

They are partitioned by `as_of`; a run replaces its own day and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import deltalake
import pyarrow as pa
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema

from contract.settings import Settings
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.files import DATA_FILE, PartitionWriter, commit, open_table
from spark_jobs.lake.schemas import arrow_schema, declared_frame


def write_day(df: DataFrame, settings: Settings, table: str, as_of: date) -> None:
    """Replace the rows of `as_of` in a derived table, in one commit; makes the table if it is missing.

    Raises:
        SchemaError: the rows are not those that `contract.tables` declares.
    """
    replace_day(settings, table, as_of, day_files(df, settings, table, as_of))


def derived_table(settings: Settings, table: str) -> deltalake.DeltaTable:
    """A derived table, made if it is missing and widened if columns have been declared since."""
    schema = arrow_schema(table).append(pa.field("as_of", pa.date32()))
    return open_table(table_path(settings, table), schema, ["as_of"], settings.run_id)


def day_files(df: DataFrame, settings: Settings, table: str, as_of: date) -> list[Row]:
    """Write rows into the folder of a derived table, where no commit names them yet; gives rows of `DATA_FILE`.

    Raises:
        SchemaError: the rows are not those that `contract.tables` declares.
    """
    rows = declared_frame(df, table)
    derived_table(settings, table)
    writer = PartitionWriter(table_path(settings, table), {"as_of": as_of.isoformat()})
    return rows.mapInArrow(writer.write, from_arrow_schema(DATA_FILE)).collect()


def replace_day(settings: Settings, table: str, as_of: date, files: Iterable[Row]) -> None:
    """Make data files the rows of `as_of` in a derived table, in place of those that it had, in one commit."""
    derived = derived_table(settings, table)
    commit(derived, [file.asDict() for file in files], settings.run_id, replaced={"as_of": as_of.isoformat()})


def read_day(spark: SparkSession, settings: Settings, table: str, as_of: date) -> DataFrame:
    """The rows that the run of `as_of` wrote into a derived table, without the column `as_of`."""
    return spark.read.format("delta").load(table_path(settings, table)).where(f.col("as_of") == f.lit(as_of)).drop("as_of")
