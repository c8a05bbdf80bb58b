"""One partition of the spread graph: rows of facts in, rows of every merchant table out.

All that is known of a merchant lies in one partition, so one shuffle is enough: share ids are unique only within a merchant,
opens and orders name a share but not its object, and influence and circles belong to the merchant's graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from spark_jobs.spread_graph.arrays import find
from spark_jobs.spread_graph.cascades import cascade_nodes, cascades_and_layers, share_mix
from spark_jobs.spread_graph.events import events
from spark_jobs.spread_graph.forest import forest
from spark_jobs.spread_graph.graph import open_graph
from spark_jobs.spread_graph.spreaders import all_circles, open_graph_table, spreader_tables
from spark_jobs.spread_graph.tables import MERCHANT_TABLES, arrow_columns, chunks

WEEK = 7  # days
CHUNK_ROWS = 4096


def solve(rows: pa.Table, as_of: date, executor_edges: int) -> dict[str, pa.Table]:
    """Every merchant table of the merchants in `rows`.

    Args:
        rows: the columns that `facts.facts` names; of each merchant all rows up to `as_of`.
        as_of: the business date.
        executor_edges: a merchant with more edges than this gets no influence here.

    Returns:
        The rows of each of `tables.MERCHANT_TABLES`; a table without rows may be missing.
    """
    of = events(rows)
    trees = forest(of.shares.parent)
    today = (as_of - date(1970, 1, 1)).days
    graph = open_graph(of, trees, today)
    circle = all_circles(graph)
    before = open_graph(of, trees, today - WEEK)
    then = find(of.person(before.merchant, before.user), of.person(graph.merchant, graph.user))
    circle_before = np.where(then >= 0, before.user[all_circles(before)][then], -1) if len(before.user) else then
    cascades, layers = cascades_and_layers(of, trees)
    return {
        "cascades": cascades,
        "cascade_layers": layers,
        "cascade_nodes": cascade_nodes(of, trees),
        "share_mix": share_mix(of),
        "open_graph": open_graph_table(of, graph),
        **spreader_tables(of, graph, circle, circle_before, executor_edges),
    }


def partition_solver(as_of: date, executor_edges: int) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """`solve` as a function for `mapInArrow`; it sends the tables back in slices, one a row of `tables.chunks()`."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if received:
            for name, table in solve(pa.Table.from_batches(received), as_of, executor_edges).items():
                yield from _sliced(name, table.select(arrow_columns(name).names).cast(arrow_columns(name)))

    return run


def solved(facts: DataFrame, as_of: date, executor_edges: int) -> DataFrame:
    """The merchant tables of all merchants, as slices; `table_of` reads one."""
    return facts.repartition("merchant_id").mapInArrow(partition_solver(as_of, executor_edges), chunks())


def table_of(slices: DataFrame, name: str) -> DataFrame:
    """The rows of one table."""
    return slices.where(f.col(name).isNotNull()).select(f.inline(name))


def _sliced(name: str, table: pa.Table) -> Iterator[pa.RecordBatch]:
    for batch in table.combine_chunks().to_batches(max_chunksize=CHUNK_ROWS):
        rows = pa.ListArray.from_arrays(pa.array([0, batch.num_rows], pa.int32()), batch.to_struct_array())
        columns = [
            rows if other == name else pa.nulls(1, pa.list_(pa.struct(arrow_columns(other)))) for other in MERCHANT_TABLES
        ]
        yield pa.RecordBatch.from_arrays(columns, names=list(MERCHANT_TABLES))
