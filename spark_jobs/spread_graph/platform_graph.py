"""What spans the merchants, by GraphFrames: influence and islands of the platform's users, and merchants that outgrow an executor."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyspark.sql.functions as f
from graphframes import GraphFrame
from pyspark.sql import DataFrame, Window

from spark_jobs.spread_graph.arrays import Ints
from spark_jobs.spread_graph.concentration import METRICS, MONEY, concentration
from spark_jobs.spread_graph.influence import RESET
from spark_jobs.spread_graph.tables import arrow_columns, columns

EVERY_MERCHANT = "all"
TOLERANCE = 1e-9  # change of a rank below which a vertex falls silent
DIGITS = 12  # GraphX adds messages in the order of their arrival, which changes the last bits: they are cut off
EDGES_PER_PARTITION = 250_000


def platform_spreaders(spreaders: DataFrame, open_graph: DataFrame) -> DataFrame:
    """One row for each user of the platform.

    Args:
        spreaders: the table of this name.
        open_graph: the table of this name; the same users.
    """
    people = spreaders.groupBy("user_id").agg(f.count("*").alias("merchants"), f.sum("shares").alias("shares"))
    vertices = numbered(people, ["user_id"]).persist()
    opened = open_graph.groupBy("opener_id", "sharer_id").agg(f.sum("shares_opened").alias("weight"))
    edges = between(vertices.select("id", "user_id"), opened, []).persist()
    openers = edges.groupBy(f.col("dst").alias("id")).agg(f.count("*").alias("openers"))
    islands = connected_components(vertices, edges).join(
        vertices.select(f.col("id").alias("component"), f.col("user_id").alias("island_id")), "component", "inner"
    )
    influence = influences(vertices, edges, [])
    return (
        vertices.join(influence, "id", "inner")
        .join(islands, "id", "inner")
        .join(openers, "id", "left")
        .withColumn("openers", f.coalesce("openers", f.lit(0)))
        .withColumn("influence_rank", influence_rank([]))
        .select(columns("platform_spreaders").names)
    )


def islands(platform_spreaders: DataFrame, spreaders: DataFrame) -> DataFrame:
    """One row for each weakly connected component of the platform's open graph."""
    of_user = platform_spreaders.select("user_id", "island_id")
    return (
        spreaders.join(of_user, "user_id", "inner")
        .groupBy("island_id")
        .agg(
            f.countDistinct("user_id").alias("users"),
            f.countDistinct("merchant_id").alias("merchants"),
            f.sum("shares").alias("shares"),
        )
        .select(columns("islands").names)
    )


def influence_of_outgrown(spreaders: DataFrame, open_graph: DataFrame) -> DataFrame:
    """The rows of `spreaders` that have no influence yet, with influence and rank: of merchants too large for one executor."""
    outgrown = spreaders.where(f.col("influence").isNull()).drop("influence", "influence_rank")
    vertices = numbered(outgrown, ["merchant_id", "user_id"]).persist()
    edges = between(
        vertices.select("id", "merchant_id", "user_id"), open_graph.withColumnRenamed("shares_opened", "weight"), ["merchant_id"]
    ).persist()
    return (
        vertices.join(influences(vertices, edges, ["merchant_id"]), "id", "inner")
        .withColumn("influence_rank", influence_rank(["merchant_id"]))
        .select(columns("spreaders").names)
    )


def concentration_of_all(spreaders: DataFrame) -> DataFrame:
    """The rows of `spread_concentration` over the people of every merchant."""
    values = [
        f.struct(f.lit(metric).alias("metric"), (f.col(metric) * (100 if metric == MONEY else 1)).cast("bigint").alias("value"))
        for metric in METRICS
    ]
    people = spreaders.select(f.inline(f.array(*values))).where(f.col("value") > 0).groupBy("metric", "value").count()
    return people.groupBy("metric").applyInArrow(_concentration, columns("spread_concentration"))


def numbered(people: DataFrame, key: list[str]) -> DataFrame:
    """Number rows from 0 in the order of their key: the smallest number of a component is its smallest user."""
    return people.withColumn("id", f.row_number().over(Window.orderBy(key)).cast("bigint") - 1)


def between(vertices: DataFrame, edges: DataFrame, key: list[str]) -> DataFrame:
    """Edges of `opener_id`, `sharer_id` and `key` by the numbers of their vertices: `src`, `dst`, `weight`."""
    opener = vertices.withColumnsRenamed({"id": "src", "user_id": "opener_id"})
    sharer = vertices.withColumnsRenamed({"id": "dst", "user_id": "sharer_id"})
    return edges.join(opener, [*key, "opener_id"], "inner").join(sharer, [*key, "sharer_id"], "inner").select("src", "dst", "weight")


def influences(vertices: DataFrame, edges: DataFrame, scale: list[str]) -> DataFrame:
    """PageRank as in `influence.influence`, scaled to sum to 1 within `scale`: `id`, `influence`."""
    each = edges.select("src", "dst", f.explode(f.sequence(f.lit(1), f.col("weight").cast("int"))))
    graph = GraphFrame(vertices.select("id", *scale), each.select("src", "dst"))
    ranked = graph.pageRank(resetProbability=RESET, tol=TOLERANCE).vertices
    whole = f.sum("pagerank").over(Window.partitionBy(*scale))
    return ranked.select("id", f.round(f.col("pagerank") / whole, DIGITS).alias("influence"))


def influence_rank(scale: list[str]) -> f.Column:
    """Place by falling influence, rounded to 9 digits, then by user."""
    return f.row_number().over(Window.partitionBy(*scale).orderBy(f.round("influence", 9).desc(), "user_id")).cast("bigint")


def connected_components(vertices: DataFrame, edges: DataFrame) -> DataFrame:
    """Weakly connected components, named by their smallest vertex: `id`, `component`."""
    return GraphFrame(vertices.select("id"), edges.select("src", "dst")).connectedComponents(algorithm="graphx")


def _concentration(groups: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
    rows = rows.sort_by("value")
    found = concentration(groups[0].as_py(), rows["value"].to_numpy(), rows["count"].to_numpy())
    return pa.Table.from_pylist(
        [{"merchant_id": EVERY_MERCHANT} | row for row in found], arrow_columns("spread_concentration")
    )
