"""The spread graph of a day, from lake to lake."""

from __future__ import annotations

from datetime import date
from functools import partial

import pyspark.sql.functions as f
from pyspark.sql import DataFrame, Observation, Row, SparkSession

from contract.events import Fate
from contract.settings import Settings
from spark_jobs.engine.session import run_concurrently, shuffle_into
from spark_jobs.families.day import LakeDay, Result
from spark_jobs.lake import catalog, derived_tables
from spark_jobs.lake.schemas import spark_schema
from spark_jobs.spread_graph import merchant_events, platform_graph
from spark_jobs.spread_graph.merchant_pipeline import write_merchant_tables

ROWS_PER_PARTITION = 250_000
FEW_ROWS = 20_000  # less is not worth a partition


def partitions(spark: SparkSession, settings: Settings) -> int:
    """How many partitions suit the events of the lake, from its log alone: one a core, until they get too large."""
    rows = catalog.row_counts(settings, f"{merchant_events.SOURCE}_events", "fate").get(Fate.ACCEPTED.value, 0)
    of_cores = min(spark.sparkContext.defaultParallelism, rows // FEW_ROWS)
    return max(1, of_cores, round(rows / ROWS_PER_PARTITION))


def run(day: LakeDay) -> Result:
    """Compute every table of the family and replace the rows of the day."""
    spark, settings, as_of = day.spark, day.settings, day.as_of
    read = Observation("events")
    count = partitions(spark, settings)
    events = merchant_events.read(spark, settings, as_of, count)
    files = write_merchant_tables(events.observe(read, f.sum("rows").alias("rows")), settings, as_of)
    of_merchants = files.pop("spread_concentration")
    _replace(settings, as_of, files)
    if files["spreaders"]:
        with shuffle_into(spark, count):
            _across_merchants(spark, settings, as_of, of_merchants)
    else:  # nobody did anything in the window
        _replace(settings, as_of, {"spread_concentration": of_merchants, "platform_spreaders": [], "islands": []})
    return Result(read.get["rows"] or 0)


def _across_merchants(spark: SparkSession, settings: Settings, as_of: date, of_merchants: list[Row]) -> None:
    """Fill in what no partition could: influence in graphs that outgrow an executor, and the tables of the whole platform.

    Args:
        of_merchants: the data files of `spread_concentration` so far.
    """
    tables = {
        name: derived_tables.read_day(spark, settings, name, as_of) for name in ("spreaders", "opener_edges", "key_spreaders")
    }
    filled = with_influence(tables)
    _replace(settings, as_of, {name: derived_tables.day_files(rows, settings, name, as_of) for name, rows in filled.items()})

    spreaders = tables["spreaders"]

    def of_all_merchants() -> None:
        rows = platform_graph.concentration_of_all(spreaders)
        of_all = derived_tables.day_files(rows, settings, "spread_concentration", as_of)
        _replace(settings, as_of, {"spread_concentration": of_merchants + of_all})

    def of_platform() -> None:
        users = platform_graph.platform_spreaders(spreaders, tables["opener_edges"], settings.executor_edges)
        derived_tables.write_day(users, settings, "platform_spreaders", as_of)
        users = derived_tables.read_day(spark, settings, "platform_spreaders", as_of)
        derived_tables.write_day(platform_graph.islands(users, spreaders), settings, "islands", as_of)

    run_concurrently(of_all_merchants, of_platform)
    spark.catalog.clearCache()


def with_influence(tables: dict[str, DataFrame]) -> dict[str, DataFrame]:
    """The tables in which influence is missing, of merchants whose graph outgrows an executor, filled in; often none.

    Args:
        tables: `spreaders`, `opener_edges` and `key_spreaders`.
    """
    spreaders = tables["spreaders"]
    is_solved = f.col("influence").isNotNull()
    if spreaders.where(~is_solved).isEmpty():
        return {}
    outgrown = platform_graph.influence_of_outgrown(spreaders, tables["opener_edges"])
    spreaders = spreaders.where(is_solved).unionByName(outgrown)
    ranks = spreaders.select("merchant_id", "user_id", "influence_rank")
    key_spreaders = tables["key_spreaders"].drop("influence_rank").join(ranks, ["merchant_id", "user_id"], "inner")
    return {"spreaders": spreaders, "key_spreaders": key_spreaders.select(spark_schema("key_spreaders").names)}


def _replace(settings: Settings, as_of: date, files: dict[str, list[Row]]) -> None:
    """Make new data files the rows of the day, one commit a table."""
    run_concurrently(*(partial(derived_tables.replace_day, settings, name, as_of, files[name]) for name in files))
