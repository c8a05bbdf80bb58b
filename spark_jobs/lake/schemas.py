"""The declared columns of the lake's derived tables as Spark's and Arrow's schemas, and what holds every write to them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as t
from pyspark.sql.pandas.types import to_arrow_schema

from contract.columns import Type
from contract.tables import TABLES

_MONEY = t.DecimalType(18, 2)
_REASON = (
    t.StructType()
    .add("topic", t.StringType())
    .add("days", t.IntegerType())
    .add("gap", t.IntegerType())
    .add("now", _MONEY)
    .add("before", _MONEY)
)
_SPARK_TYPES: dict[Type, t.DataType] = {
    Type.VARCHAR: t.StringType(),
    Type.BOOLEAN: t.BooleanType(),
    Type.INTEGER: t.IntegerType(),
    Type.BIGINT: t.LongType(),
    Type.DOUBLE: t.DoubleType(),
    Type.DECIMAL: _MONEY,
    Type.DATE: t.DateType(),
    Type.TIMESTAMP: t.TimestampType(),
    Type.REASONS: t.ArrayType(_REASON),
}


class SchemaError(ValueError):
    """Rows are not those of the table that they are written to; the message names table and columns."""


def spark_schema(table: str) -> t.StructType:
    """The columns of a derived table, without `as_of`. Needs no session: executors ask as well."""
    return t.StructType([t.StructField(column.name, _SPARK_TYPES[column.type]) for column in TABLES[table].lake_columns])


def arrow_schema(table: str) -> pa.Schema:
    """The same as an Arrow schema."""
    return to_arrow_schema(spark_schema(table))


def declared_frame(rows: DataFrame, table: str) -> DataFrame:
    """The rows with the columns of their table in the declared order.

    Raises:
        SchemaError: a column is missing, is not declared, or has another type.
    """
    declared = spark_schema(table)
    _compare(table, _types(rows.schema), _types(declared))
    return rows.select(*(f"`{name}`" for name in declared.names))


def declared_rows(rows: pa.Table, table: str) -> pa.Table:
    """The same for rows of Arrow, whose numbers may be narrower than declared.

    Raises:
        SchemaError: a column is missing or is not declared.
        pyarrow.ArrowInvalid: a value does not fit the declared type.
    """
    schema = arrow_schema(table)
    _compare(table, dict.fromkeys(rows.schema.names, ""), dict.fromkeys(schema.names, ""))
    return rows.select(schema.names).cast(schema)


def _types(schema: t.StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema}


def _compare(table: str, given: Mapping[str, str], declared: Mapping[str, str]) -> None:
    faults = [f"{name} is missing" for name in declared if name not in given]
    faults += [f"{name} is not declared" for name in given if name not in declared]
    faults += [
        f"{name} is {given[name]}, declared as {kind}" for name, kind in declared.items() if given.get(name, kind) != kind
    ]
    if faults:
        raise SchemaError(f"the lake's table {table} is declared in contract/tables with other columns: {'; '.join(faults)}")
