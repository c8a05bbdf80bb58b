"""The spread graph of a day, from lake to lake."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pyspark.sql.functions as f
from pyspark import StorageLevel
from pyspark.sql import DataFrame, Observation, SparkSession

from expectations.contract import Fate
from expectations.settings import Settings
from spark_jobs import lake
from spark_jobs.spread_graph import facts, platform_graph
from spark_jobs.spread_graph.solve import solved, table_of
from spark_jobs.spread_graph.tables import MERCHANT_TABLES, TABLES, columns

ROWS_PER_PARTITION = 250_000
WRITERS = 4  # tables written side by side: a commit is mostly waiting and planning


def partitions(settings: Settings) -> int:
    """How many partitions suit the events of the lake, from its log alone."""
    rows = lake.row_counts(settings, f"{facts.SOURCE}_events", "fate").get(Fate.ACCEPTED.value, 0)
    return 1 + rows // ROWS_PER_PARTITION


def spread_graph(spark: SparkSession, settings: Settings, as_of: date) -> dict[str, Any]:
    """Work out every table of `tables.TABLES` and replace the rows of `as_of`.

    Returns:
        The report: rows read, rows written, rows of each table.
    """
    read = Observation("facts")
    rows = facts.read(spark, settings, as_of).observe(read, f.count("*").alias("rows"))
    slices = solved(rows, as_of, settings.executor_edges).persist(StorageLevel.MEMORY_AND_DISK)
    tables = with_influence({name: table_of(slices, name) for name in MERCHANT_TABLES})
    of_all = platform_graph.concentration_of_all(tables["spreaders"])
    tables["spread_concentration"] = tables["spread_concentration"].unionByName(of_all)
    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(lambda name: lake.write_day(tables[name], settings, name, as_of), tables))
    slices.unpersist()

    spreaders, open_graph = (lake.read_day(spark, settings, name, as_of) for name in ("spreaders", "open_graph"))
    users = platform_graph.platform_spreaders(spreaders, open_graph, settings.executor_edges)
    lake.write_day(users, settings, "platform_spreaders", as_of)
    users = lake.read_day(spark, settings, "platform_spreaders", as_of)
    lake.write_day(platform_graph.islands(users, spreaders), settings, "islands", as_of)

    spark.catalog.clearCache()
    counts = {name: lake.row_counts(settings, name, "as_of").get(as_of.isoformat(), 0) for name in TABLES}
    return {
        "step": "spread_graph",
        "as_of": as_of.isoformat(),
        "rows_in": read.get["rows"],
        "rows_out": sum(counts.values()),
        "tables": counts,
    }


def with_influence(tables: dict[str, DataFrame]) -> dict[str, DataFrame]:
    """The merchant tables, with the influence of the merchants whose graph outgrows an executor filled in."""
    spreaders = tables["spreaders"]
    is_solved = f.col("influence").isNotNull()
    if not spreaders.where(~is_solved).count():
        return tables
    outgrown = platform_graph.influence_of_outgrown(spreaders, tables["open_graph"])
    spreaders = spreaders.where(is_solved).unionByName(outgrown)
    ranks = spreaders.select("merchant_id", "user_id", "influence_rank")
    key_spreaders = tables["key_spreaders"].drop("influence_rank").join(ranks, ["merchant_id", "user_id"], "inner")
    return tables | {"spreaders": spreaders, "key_spreaders": key_spreaders.select(columns("key_spreaders").names)}
