"""What spans the merchants, with GraphFrames, and the influence in graphs that are too large for one executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyspark.sql.functions as f
from graphframes import GraphFrame
from pyspark.sql import Column, DataFrame, Window

from spark_jobs.spread_graph.concentration import METRICS, MONEY, concentration
from spark_jobs.spread_graph.influence import RESET, page_rank
from spark_jobs.spread_graph.tables import arrow_columns, columns

EVERY_MERCHANT = "all"
TOLERANCE = 1e-8  # change of a rank below which GraphX lets a vertex fall silent
DIGITS = 8  # GraphX adds messages in the order of their arrival, which moves the last bits: they are cut off


def platform_spreaders(spreaders: DataFrame, open_graph: DataFrame, executor_edges: int) -> DataFrame:
    """One row for each user of the platform.

    Args:
        spreaders: the table of this name.
        open_graph: the table of this name, of the same users.
        executor_edges: a graph with more edges than this is ranked by GraphFrames.
    """
    people = spreaders.groupBy("user_id").agg(f.count("*").alias("merchants"), f.sum("shares").alias("shares"))
    vertices = numbered(people, ["user_id"]).persist()
    opened = open_graph.groupBy("opener_id", "sharer_id").agg(f.sum("shares_opened").alias("weight"))
    edges = between(vertices, opened, []).persist()
    components = connected_components(vertices, edges)
    names = vertices.select(f.col("id").alias("component"), f.col("user_id").alias("island_id"))
    openers = edges.groupBy(f.col("dst").alias("id")).agg(f.count("*").alias("openers"))
    if edges.groupBy().sum("weight").where(f.col("sum(weight)") > executor_edges).isEmpty():
        ranks = page_rank_by_island(edges, components)
    else:
        ranks = page_rank_by_graphframes(vertices, edges)
    users = vertices.join(components, "id", "inner").join(names, "component", "inner").join(openers, "id", "left")
    return (
        with_influence(users.join(ranks, "id", "left"), [])
        .withColumn("openers", f.coalesce("openers", f.lit(0)))
        .select(columns("platform_spreaders").names)
    )


def islands(platform_spreaders: DataFrame, spreaders: DataFrame) -> DataFrame:
    """One row for each weakly connected component of the platform's open graph."""
    return (
        spreaders.join(platform_spreaders.select("user_id", "island_id"), "user_id", "inner")
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
    edges = between(vertices, open_graph.withColumnRenamed("shares_opened", "weight"), ["merchant_id"]).persist()
    ranked = vertices.join(page_rank_by_graphframes(vertices, edges), "id", "inner")
    return with_influence(ranked, ["merchant_id"]).select(columns("spreaders").names)


def concentration_of_all(spreaders: DataFrame) -> DataFrame:
    """The rows of `spread_concentration` over the people of every merchant."""
    values = [
        f.struct(f.lit(metric).alias("metric"), (f.col(metric) * (100 if metric == MONEY else 1)).cast("bigint").alias("value"))
        for metric in METRICS
    ]
    people = spreaders.select(f.inline(f.array(*values))).where(f.col("value") > 0).groupBy("metric", "value").count()
    return people.groupBy("metric").applyInArrow(_concentration, columns("spread_concentration"))


def numbered(people: DataFrame, key: list[str]) -> DataFrame:
    """Number rows from 0 in the order of their key, so that the smallest number of a component is its smallest user."""
    return people.withColumn("id", f.row_number().over(Window.orderBy(key)).cast("bigint") - 1)


def between(vertices: DataFrame, edges: DataFrame, key: list[str]) -> DataFrame:
    """Edges of `opener_id`, `sharer_id` and `key`, by the numbers of their vertices: `src`, `dst`, `weight`."""
    opener = vertices.select(*key, f.col("user_id").alias("opener_id"), f.col("id").alias("src"))
    sharer = vertices.select(*key, f.col("user_id").alias("sharer_id"), f.col("id").alias("dst"))
    numbered_edges = edges.join(opener, [*key, "opener_id"], "inner").join(sharer, [*key, "sharer_id"], "inner")
    return numbered_edges.select("src", "dst", "weight")


def connected_components(vertices: DataFrame, edges: DataFrame) -> DataFrame:
    """Weakly connected components, named by their smallest vertex: `id`, `component`."""
    graph = GraphFrame(vertices.select("id"), edges.select("src", "dst"))
    components: DataFrame = graph.connectedComponents(algorithm="graphx")
    return components


def page_rank_by_island(edges: DataFrame, components: DataFrame) -> DataFrame:
    """PageRank of the vertices with an edge, in arrays, since islands pass nothing to one another: `id`, `page_rank`."""
    of_island = edges.join(components.withColumnRenamed("id", "src"), "src", "inner").repartition("component")
    return of_island.select("src", "dst", "weight").mapInArrow(_page_rank, "id bigint, page_rank double")


def page_rank_by_graphframes(vertices: DataFrame, edges: DataFrame) -> DataFrame:
    """The same by GraphFrames, up to a factor: `id`, `page_rank`."""
    each = edges.select("src", "dst", f.explode(f.sequence(f.lit(1), f.col("weight").cast("int"))))
    graph = GraphFrame(vertices.select("id"), each.select("src", "dst"))
    ranked: DataFrame = graph.pageRank(resetProbability=RESET, tol=TOLERANCE).vertices
    return ranked.select("id", f.round("pagerank", DIGITS).alias("page_rank"))


def with_influence(users: DataFrame, scale: list[str]) -> DataFrame:
    """Add `influence`, which sums to 1 within `scale`, and `influence_rank`; users without `page_rank` have no edge."""
    rank = f.coalesce("page_rank", f.lit(RESET))
    whole = f.sum(rank.cast("decimal(38,15)")).over(Window.partitionBy(*scale)).cast("double")  # exact, in any order
    return users.withColumn("influence", rank / whole).withColumn("influence_rank", _influence_rank(scale))


def _influence_rank(scale: list[str]) -> Column:
    order = Window.partitionBy(*scale).orderBy(f.round("influence", 9).desc(), "user_id")
    return f.row_number().over(order).cast("bigint")


def _page_rank(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    received = list(batches)
    if received:
        edges = pa.Table.from_batches(received).sort_by([("src", "ascending"), ("dst", "ascending")])
        ids, ends = np.unique(np.concatenate([edges["src"], edges["dst"]]), return_inverse=True)
        opener, sharer = np.split(ends, 2)
        ranks = page_rank(len(ids), opener, sharer, edges["weight"].to_numpy())
        yield pa.RecordBatch.from_arrays([pa.array(ids), pa.array(ranks)], names=["id", "page_rank"])


def _concentration(groups: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
    rows = rows.sort_by("value")
    found = concentration(groups[0].as_py(), rows["value"].to_numpy(), rows["count"].to_numpy())
    return pa.Table.from_pylist([{"merchant_id": EVERY_MERCHANT} | row for row in found], arrow_columns("spread_concentration"))
