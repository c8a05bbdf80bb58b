"""One partition of the spread graph: the events of its merchants in, a data file of every merchant table out.

All events of a merchant lie in one partition, so one shuffle is enough: share ids are unique only within a merchant, opens and
orders name a share but not its object, and influence and circles belong to the merchant's graph.
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
from contract.tables import family_tables
from spark_jobs.lake import catalog, derived_tables
from spark_jobs.lake.files import DATA_FILE, write_file
from spark_jobs.lake.schemas import declared_rows
from spark_jobs.spread_graph.arrays import find
from spark_jobs.spread_graph.cascades import cascade_nodes, cascades_and_layers, share_mix
from spark_jobs.spread_graph.events import events_that_count
from spark_jobs.spread_graph.forest import forest
from spark_jobs.spread_graph.graph import opener_graph
from spark_jobs.spread_graph.merchant_events import received
from spark_jobs.spread_graph.spreaders import all_circles, all_components, opener_edges, spreader_tables

WEEK = 7  # days
# What is worked out merchant by merchant; the other tables of the family are of all merchants together.
MERCHANT_TABLES = tuple(table.name for table in family_tables("spread_graph") if "merchant_id" in table.key_columns)
TABLE_FILE = DATA_FILE.append(pa.field("table", pa.string()))


def merchant_tables(rows: pa.Table, as_of: date, executor_edges: int) -> dict[str, pa.Table]:
    """Every merchant table of the merchants in `rows`.

    Args:
        rows: the columns that `merchant_events.slim` names; of each merchant all rows up to `as_of`.
        as_of: the business date.
        executor_edges: a merchant with more edges than this gets no influence here.

    Returns:
        The rows of each of `MERCHANT_TABLES`; a table without rows may be missing.
    """
    events = events_that_count(rows)
    trees = forest(events.shares.parent)
    today = (as_of - date(1970, 1, 1)).days
    graph = opener_graph(events, trees, today)
    circle, component = all_circles(graph), all_components(graph)
    before = opener_graph(events, trees, today - WEEK)
    then = find(events.person(before.merchant, before.user), events.person(graph.merchant, graph.user))
    circle_before = np.where(then >= 0, before.user[all_circles(before)][then], -1) if len(before.user) else then
    cascades, layers = cascades_and_layers(events, trees)
    return {
        "cascades": cascades,
        "cascade_layers": layers,
        "cascade_nodes": cascade_nodes(events, trees),
        "share_mix": share_mix(events),
        "opener_edges": opener_edges(events, graph, component),
        **spreader_tables(events, graph, circle, circle_before, component, executor_edges),
    }


@dataclass(frozen=True)
class MerchantTablesWriter:
    """Writes the merchant tables of what a task has as one data file a table; for `mapInArrow`.

    No row of a table passes through the JVM again.

    Args:
        tables: where each table lies.
        as_of, executor_edges: see `merchant_tables`.
    """

    tables: Mapping[str, str]
    as_of: date
    executor_edges: int

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Event batches to rows of `TABLE_FILE`, of files that no commit names yet."""
        events = received(batches)
        if events is None:
            return
        day = {"as_of": self.as_of.isoformat()}
        for name, rows in merchant_tables(events, self.as_of, self.executor_edges).items():
            if len(rows):
                (file,) = write_file(self.tables[name], day, declared_rows(rows, name)).to_pylist()
                yield pa.RecordBatch.from_pylist([file | {"table": name}], schema=TABLE_FILE)


def write_merchant_tables(events: DataFrame, settings: Settings, as_of: date) -> dict[str, list[Row]]:
    """Write the merchant tables of all merchants: for each table its new data files, rows of `DATA_FILE`.

    Args:
        events: what `merchant_events.read` gives.
    """
    for name in MERCHANT_TABLES:
        derived_tables.derived_table(settings, name)
    tables = {name: catalog.table_path(settings, name) for name in MERCHANT_TABLES}
    writer = MerchantTablesWriter(tables, as_of, settings.executor_edges)
    files: dict[str, list[Row]] = {name: [] for name in MERCHANT_TABLES}
    for file in events.mapInArrow(writer.write, from_arrow_schema(TABLE_FILE)).collect():
        files[file["table"]].append(file)
    return files
