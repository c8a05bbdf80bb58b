"""One partition of the spread graph: rows of facts in, a data file of every merchant table out.

All that is known of a merchant lies in one partition, so one shuffle is enough: share ids are unique only within a merchant,
opens and orders name a share but not its object, and influence and circles belong to the merchant's graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Row
from pyspark.sql.pandas.types import from_arrow_schema

from contract.settings import Settings
from spark_jobs.lake import tables as lake
from spark_jobs.lake.files import DATA_FILE, write_file
from spark_jobs.lake.schemas import declared_rows
from spark_jobs.spread_graph.arrays import find
from spark_jobs.spread_graph.cascades import cascade_nodes, cascades_and_layers, share_mix
from spark_jobs.spread_graph.events import events
from spark_jobs.spread_graph.facts import received
from spark_jobs.spread_graph.forest import forest
from spark_jobs.spread_graph.graph import open_graph
from spark_jobs.spread_graph.spreaders import all_circles, all_components, open_graph_table, spreader_tables
from spark_jobs.spread_graph.tables import MERCHANT_TABLES

WEEK = 7  # days
TABLE_FILE = DATA_FILE.append(pa.field("table", pa.string()))


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
    circle, component = all_circles(graph), all_components(graph)
    before = open_graph(of, trees, today - WEEK)
    then = find(of.person(before.merchant, before.user), of.person(graph.merchant, graph.user))
    circle_before = np.where(then >= 0, before.user[all_circles(before)][then], -1) if len(before.user) else then
    cascades, layers = cascades_and_layers(of, trees)
    return {
        "cascades": cascades,
        "cascade_layers": layers,
        "cascade_nodes": cascade_nodes(of, trees),
        "share_mix": share_mix(of),
        "open_graph": open_graph_table(of, graph, component),
        **spreader_tables(of, graph, circle, circle_before, component, executor_edges),
    }


@dataclass(frozen=True)
class PartitionSolver:
    """Writes the merchant tables of what a task has as one data file a table; for `mapInArrow`.

    No row of a table passes through the JVM again.

    Args:
        tables: where each table lies.
        as_of, executor_edges: see `solve`.
    """

    tables: Mapping[str, str]
    as_of: date
    executor_edges: int

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Packs of facts to rows of `TABLE_FILE`, of files that no commit names yet."""
        facts = received(batches)
        if facts is None:
            return
        day = {"as_of": self.as_of.isoformat()}
        rows_of = solve(facts, self.as_of, self.executor_edges)
        for name, rows in rows_of.items():
            if len(rows):
                (file,) = write_file(self.tables[name], day, declared_rows(rows, name)).to_pylist()
                yield pa.RecordBatch.from_pylist([file | {"table": name}], schema=TABLE_FILE)


def write_solved(facts: DataFrame, settings: Settings, as_of: date) -> dict[str, list[Row]]:
    """Write the merchant tables of all merchants: for each table its new data files, rows of `DATA_FILE`.

    Args:
        facts: what `facts.read` gives.
    """
    for name in MERCHANT_TABLES:
        lake.derived_table(settings, name)
    tables = {name: lake.table_path(settings, name) for name in MERCHANT_TABLES}
    solver = PartitionSolver(tables, as_of, settings.executor_edges)
    files: dict[str, list[Row]] = {name: [] for name in MERCHANT_TABLES}
    for file in facts.mapInArrow(solver.write, from_arrow_schema(TABLE_FILE)).collect():
        files[file["table"]].append(file)
    return files
