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
from spark_jobs.lake import tables as lake
from spark_jobs.spread_graph import facts, platform_graph
from spark_jobs.spread_graph.solve import write_solved
from spark_jobs.spread_graph.tables import TABLES as TABLES
from spark_jobs.spread_graph.tables import columns

ROWS_PER_PARTITION = 250_000
FEW_ROWS = 20_000  # less is not worth a partition


def partitions(spark: SparkSession, settings: Settings) -> int:
    """How many partitions suit the events of the lake, from its log alone: one a core, until they get too large."""
    rows = lake.row_counts(settings, f"{facts.SOURCE}_events", "fate").get(Fate.ACCEPTED.value, 0)
    of_cores = min(spark.sparkContext.defaultParallelism, rows // FEW_ROWS)
    return max(1, of_cores, round(rows / ROWS_PER_PARTITION))


def run(day: LakeDay) -> Result:
    """Compute every table of `tables.TABLES` and replace the rows of the day."""
    spark, settings, as_of = day.spark, day.settings, day.as_of
    read = Observation("facts")
    count = partitions(spark, settings)
    packs = facts.read(spark, settings, as_of, count).observe(read, f.sum("rows").alias("rows"))
    files = write_solved(packs, settings, as_of)
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
    tables = {name: lake.read_day(spark, settings, name, as_of) for name in ("spreaders", "open_graph", "key_spreaders")}
    filled = with_influence(tables)
    _replace(settings, as_of, {name: lake.day_files(rows, settings, name, as_of) for name, rows in filled.items()})

    spreaders = tables["spreaders"]

    def of_all_merchants() -> None:
        rows = platform_graph.concentration_of_all(spreaders)
        of_all = lake.day_files(rows, settings, "spread_concentration", as_of)
        _replace(settings, as_of, {"spread_concentration": of_merchants + of_all})

    def of_platform() -> None:
        users = platform_graph.platform_spreaders(spreaders, tables["open_graph"], settings.executor_edges)
        lake.write_day(users, settings, "platform_spreaders", as_of)
        users = lake.read_day(spark, settings, "platform_spreaders", as_of)
        lake.write_day(platform_graph.islands(users, spreaders), settings, "islands", as_of)

    run_concurrently(of_all_merchants, of_platform)
    spark.catalog.clearCache()


def with_influence(tables: dict[str, DataFrame]) -> dict[str, DataFrame]:
    """The tables in which influence is missing, of merchants whose graph outgrows an executor, filled in; often none.

    Args:
        tables: `spreaders`, `open_graph` and `key_spreaders`.
    """
    spreaders = tables["spreaders"]
    is_solved = f.col("influence").isNotNull()
    if spreaders.where(~is_solved).isEmpty():
        return {}
    outgrown = platform_graph.influence_of_outgrown(spreaders, tables["open_graph"])
    spreaders = spreaders.where(is_solved).unionByName(outgrown)
    ranks = spreaders.select("merchant_id", "user_id", "influence_rank")
    key_spreaders = tables["key_spreaders"].drop("influence_rank").join(ranks, ["merchant_id", "user_id"], "inner")
    return {"spreaders": spreaders, "key_spreaders": key_spreaders.select(columns("key_spreaders").names)}


def _replace(settings: Settings, as_of: date, files: dict[str, list[Row]]) -> None:
    """Make new data files the rows of the day, one commit a table."""
    run_concurrently(*(partial(lake.replace_day, settings, name, columns(name), as_of, files[name]) for name in files))
