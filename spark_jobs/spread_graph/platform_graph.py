"""What spans the merchants, with GraphFrames, and the influence in graphs that are too large for one executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyspark.sql.functions as f
from graphframes import GraphFrame
from pyspark.sql import Column, DataFrame, Window

from spark_jobs.lake.schemas import arrow_schema, spark_schema
from spark_jobs.spread_graph.arrays import counts, ranked, sums
from spark_jobs.spread_graph.concentration import METRICS, MONEY, concentration
from spark_jobs.spread_graph.influence import RESET, page_rank

EVERY_MERCHANT = "all"
RANKS = "user_id string, openers bigint, page_rank double"
TOLERANCE = 1e-8  # change of a rank below which a vertex of GraphX sends no more messages
DIGITS = 8  # GraphX adds messages in the order of arrival, which changes the last bits: they are cut off


def platform_spreaders(spreaders: DataFrame, opener_edges: DataFrame, executor_edges: int) -> DataFrame:
    """One row for each user of the platform.

    Args:
        spreaders: the table of this name.
        opener_edges: the table of this name, of the same users.
        executor_edges: a graph with more edges than this is ranked by GraphFrames.
    """
    people = spreaders.groupBy("user_id").agg(
        f.count("*").alias("merchants"), f.sum("shares").alias("shares"), f.min("component_id").alias("component_id")
    )
    island = islands_of_components(spreaders, people).persist()
    if opener_edges.groupBy().sum("shares_opened").where(f.col("sum(shares_opened)") > executor_edges).isEmpty():
        edges = opener_edges.join(island, "component_id", "inner").repartition("island_id")
        ranks = edges.select("opener_id", "sharer_id", "shares_opened").mapInArrow(_rank_islands, RANKS)
    else:
        ranks = ranks_by_graphframes(people, opener_edges)
    users = people.join(island, "component_id", "inner").join(ranks, "user_id", "left")
    return (
        with_influence(users, [])
        .withColumn("openers", f.coalesce("openers", f.lit(0)))
        .select(spark_schema("platform_spreaders").names)
    )


def islands(platform_spreaders: DataFrame, spreaders: DataFrame) -> DataFrame:
    """One row for each weakly connected component of the platform's opener graph."""
    users = platform_spreaders.groupBy("island_id").agg(f.count("*").alias("users"), f.sum("shares").alias("shares"))
    components = spreaders.where(f.col("user_id") == f.col("component_id")).select("merchant_id", "user_id")
    merchants = (
        components.join(platform_spreaders.select("user_id", "island_id"), "user_id", "inner")
        .groupBy("island_id")
        .agg(f.countDistinct("merchant_id").alias("merchants"))
    )
    return users.join(merchants, "island_id", "inner").select(spark_schema("islands").names)


def islands_of_components(spreaders: DataFrame, people: DataFrame) -> DataFrame:
    """The island of each component of a merchant's graph: `component_id`, `island_id`, its smallest user.

    The merchants' components are known; users who are at several merchants join them.

    Args:
        spreaders: the table of this name.
        people: user_id, merchants (at how many the user is).
    """
    shared = people.where("merchants > 1").select("user_id")
    joined = spreaders.join(shared, "user_id", "left_semi").select("user_id", "component_id")
    names = spreaders.where(f.col("user_id") == f.col("component_id")).select("user_id").union(shared).distinct()
    vertices = numbered(names, ["user_id"]).persist()
    edges = between(vertices, joined.withColumnsRenamed({"user_id": "opener_id", "component_id": "sharer_id"}), [])
    island = GraphFrame(vertices.select("id"), edges.where("src <> dst")).connectedComponents(algorithm="graphx")
    smallest = vertices.select(f.col("id").alias("component"), f.col("user_id").alias("island_id"))
    return (
        vertices.join(island, "id", "inner")
        .join(smallest, "component", "inner")
        .select(f.col("user_id").alias("component_id"), "island_id")
    )


def influence_of_outgrown(spreaders: DataFrame, opener_edges: DataFrame) -> DataFrame:
    """The rows of `spreaders` that have no influence yet, with influence and rank: of merchants too large for one executor."""
    outgrown = spreaders.where(f.col("influence").isNull()).drop("influence", "influence_rank")
    vertices = numbered(outgrown, ["merchant_id", "user_id"]).persist()
    edges = between(vertices, opener_edges.withColumnRenamed("shares_opened", "weight"), ["merchant_id"]).persist()
    users = vertices.join(page_rank_by_graphframes(vertices, edges), "id", "inner")
    return with_influence(users, ["merchant_id"]).select(spark_schema("spreaders").names)


def concentration_of_all(spreaders: DataFrame) -> DataFrame:
    """The rows of `spread_concentration` over the people of every merchant."""
    values = [
        f.struct(f.lit(metric).alias("metric"), (f.col(metric) * (100 if metric == MONEY else 1)).cast("bigint").alias("value"))
        for metric in METRICS
    ]
    people = spreaders.select(f.inline(f.array(*values))).where(f.col("value") > 0).groupBy("metric", "value").count()
    return people.groupBy("metric").applyInArrow(_concentration, spark_schema("spread_concentration"))


def ranks_by_graphframes(people: DataFrame, opener_edges: DataFrame) -> DataFrame:
    """What `_rank_islands` gives, for the users of a graph that is too large for an executor."""
    opened = opener_edges.groupBy("opener_id", "sharer_id").agg(f.sum("shares_opened").alias("weight"))
    openers = opened.groupBy(f.col("sharer_id").alias("user_id")).agg(f.count("*").alias("openers"))
    vertices = numbered(people, ["user_id"]).persist()
    ranked_vertices = page_rank_by_graphframes(vertices, between(vertices, opened, []).persist())
    ranks = vertices.join(ranked_vertices, "id", "inner").select("user_id", "page_rank")
    return ranks.join(openers, "user_id", "left")


def numbered(people: DataFrame, key: list[str]) -> DataFrame:
    """Number rows from 0 in the order of their key, so that the smallest number of a component is its smallest user."""
    return people.withColumn("id", f.row_number().over(Window.orderBy(key)).cast("bigint") - 1)


def between(vertices: DataFrame, edges: DataFrame, key: list[str]) -> DataFrame:
    """Edges of `opener_id`, `sharer_id` and `key`, by the numbers of their vertices, `src` and `dst`."""
    opener = vertices.select(*key, f.col("user_id").alias("opener_id"), f.col("id").alias("src"))
    sharer = vertices.select(*key, f.col("user_id").alias("sharer_id"), f.col("id").alias("dst"))
    numbered_edges = edges.join(opener, [*key, "opener_id"], "inner").join(sharer, [*key, "sharer_id"], "inner")
    return numbered_edges.drop(*key, "opener_id", "sharer_id")


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


def _rank_islands(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Openers and PageRank of whole islands, which pass nothing to one another, in arrays; rows of `RANKS`."""
    received = list(batches)
    if received:
        edges = pa.Table.from_batches(received).combine_chunks()
        ends, users = ranked(edges["opener_id"], edges["sharer_id"])
        size = len(users)
        pairs, of_merchants = np.unique(ends[0] * size + ends[1], return_inverse=True)
        opener, sharer = pairs // size, pairs % size
        ranks = page_rank(size, opener, sharer, sums(of_merchants, edges["shares_opened"].to_numpy(), len(pairs)))
        columns = [users, pa.array(counts(sharer, size)), pa.array(ranks)]
        yield pa.RecordBatch.from_arrays(columns, names=["user_id", "openers", "page_rank"])


def _concentration(groups: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
    rows = rows.sort_by("value")
    found = concentration(groups[0].as_py(), rows["value"].to_numpy(), rows["count"].to_numpy())
    return pa.Table.from_pylist([{"merchant_id": EVERY_MERCHANT} | row for row in found], arrow_schema("spread_concentration"))
