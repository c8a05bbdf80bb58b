"""Which marts Spark SQL makes from the same dbt models: whether the rows are equal, and seconds beside DuckDB's.

    python -m benchmarks.spark_sql --as-of 2026-04-30 [--models fan_revenue per_fan_revenue]

The warehouse is that of `FANOUT_HOME`, as it was built for the day. What a mart reads is copied into Parquet, sqlglot puts the
compiled model into Spark's words, and nothing else is changed. Rows are compared as bags, doubles to nine decimals.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from sqlglot import exp

from contract.settings import Settings, parse_as_of
from contract.sql import literal
from dbt_project.extensions import load_extensions
from spark_jobs.engine.session import spark_session

_DECIMALS = 9


class NotSpark(Exception):
    """Spark does not take a model as it stands; the message is its own, in one line."""


@dataclass(frozen=True)
class Outcome:
    """How a mart came out of Spark.

    Attributes:
        rows: of the mart in the warehouse.
        differing: rows that only one of both has.
        duckdb, spark: seconds of the query and of writing Parquet.
    """

    mart: str
    rows: int
    differing: int
    duckdb: float
    spark: float


def table_models(manifest: Path) -> dict[str, str]:
    """Compiled SQL by name of each mart that is a table."""
    nodes = json.loads(manifest.read_text())["nodes"].values()
    marts = (node for node in nodes if node["resource_type"] == "model" and node["schema"] == "marts")
    return {node["name"]: node["compiled_code"] for node in marts if node["language"] == "sql"}


def translated(query: str) -> tuple[str, set[tuple[str, str]]]:
    """A query in Spark's words, and the (schema, table) that it reads: as views called `<schema>__<table>`.

    Raises:
        NotSpark: it reads something that is no table of the warehouse.
    """
    tree = sqlglot.parse_one(query, read="duckdb")
    names = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = set()
    for table in list(tree.find_all(exp.Table)):
        if table.db:
            read.add((table.db, table.name))
            table.replace(exp.to_table(f"{table.db}__{table.name}", alias=table.alias or table.name))
        elif table.name not in names:
            raise NotSpark(f"{table.sql()} is no table")
    return tree.sql(dialect="spark"), read


def compare(spark: SparkSession, con: duckdb.DuckDBPyConnection, mart: str, query: str, scratch: Path) -> Outcome:
    """Make a mart of the attached warehouse in Spark, too.

    Raises:
        NotSpark: Spark does not take the query.
    """
    words, read = translated(query)
    for schema, table in sorted(read):
        copy = scratch / f"{schema}.{table}.parquet"
        if not copy.exists():
            con.execute(f'copy {schema}."{table}" to {literal(copy)} (format parquet)')
        spark.read.parquet(str(copy)).createOrReplaceTempView(f"{schema}__{table}")
    made = scratch / f"spark.{mart}"
    started = time.perf_counter()
    try:
        spark.sql(words).write.parquet(str(made))
    except PySparkException as error:
        raise NotSpark(next(filter(None, str(error).splitlines()), type(error).__name__)) from error
    in_spark = time.perf_counter() - started
    started = time.perf_counter()
    con.execute(f"copy ({query}) to {literal(scratch / f'duckdb.{mart}.parquet')} (format parquet)")
    in_duckdb = time.perf_counter() - started
    return Outcome(mart, *_differing(con, mart, made), in_duckdb, in_spark)


def _differing(con: duckdb.DuckDBPyConnection, mart: str, made: Path) -> tuple[int, int]:
    """How many rows a mart has, and how many only one of both."""
    columns = con.execute(f"select column_name, column_type from (describe marts.{mart})").fetchall()
    values = ", ".join(
        f'round("{name}"::double, {_DECIMALS}) as "{name}"' if kind == "DOUBLE" else f'"{name}"::{kind} as "{name}"'
        for name, kind in columns
    )
    here, there = f"select {values} from marts.{mart}", f"select {values} from read_parquet({literal(made / '*.parquet')})"
    counts = con.execute(
        f"""select (select count(*) from ({here})), (select count(*) from ({here} except all {there}))
        + (select count(*) from ({there} except all {here}))"""
    ).fetchone()
    assert counts is not None
    return counts[0], counts[1]


def outcomes(
    spark: SparkSession, con: duckdb.DuckDBPyConnection, models: dict[str, str], names: Iterable[str], scratch: Path
) -> Iterator[Outcome | tuple[str, str]]:
    """How each mart comes out, or its name and why Spark does not take it."""
    for name in names:
        try:
            yield compare(spark, con, name, models[name], scratch)
        except NotSpark as fault:
            yield name, str(fault)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=parse_as_of, required=True)
    parser.add_argument("--models", nargs="+", metavar="MART")
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    manifest = settings.work(arguments.as_of) / "dbt" / "manifest.json"
    if not manifest.exists():
        print(f"{manifest} is missing; build the marts of {arguments.as_of} first", file=sys.stderr)
        return 2
    models = table_models(manifest)
    names = arguments.models or sorted(models)
    if unknown := sorted({*names} - models.keys()):
        print(f"no mart is called {', '.join(unknown)}", file=sys.stderr)
        return 2
    equal: list[Outcome] = []
    other: list[Outcome] = []
    refused: list[tuple[str, str]] = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        duckdb.connect(str(settings.warehouse(arguments.as_of)), read_only=True) as con,
    ):
        load_extensions(con)
        spark = spark_session("spark_sql", settings)
        for found in outcomes(spark, con, models, names, Path(scratch)):
            if isinstance(found, Outcome):
                (other if found.differing else equal).append(found)
                print(
                    f"{found.mart:32s} {found.rows:9,} rows, {found.differing:,} differ; "
                    f"DuckDB {found.duckdb:.2f} s, Spark {found.spark:.2f} s"
                )
            else:
                refused.append(found)
                print(f"{found[0]:32s} {re.sub(' +', ' ', found[1])[:120]}")
    print(f"{len(equal)} marts equal, {len(other)} differ, {len(refused)} not taken by Spark as they stand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
