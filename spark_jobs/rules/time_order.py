"""Which of several events with one id counts: a fact is the earliest of them, a record that changes is the latest.

Earliest and latest follow `TIME_ORDER`, for DataFrames and for Arrow tables alike. An event has its `event_source` and
`event_id` to itself, so the order is total: no two events tie, and the result depends on neither batches nor partitions.
dbt's intermediate models state the same rules in SQL; tests/spark_jobs/rules compares the two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyspark.sql.functions as f
from pyspark.sql import Column, DataFrame

Ints = npt.NDArray[np.int64]
TIME_ORDER = ("event_time", "event_id", "event_source")


def earliest(events: DataFrame, *key: str) -> DataFrame:
    """The earliest event of each key; columns as given."""
    rest = [name for name in events.columns if name not in {*key, *TIME_ORDER}]
    first = f.min(f.struct(*TIME_ORDER, *rest)).alias("first")
    return events.groupBy(*key).agg(first).select(*key, "first.*")


def latest(*columns: str) -> Column:
    """Aggregate of events: a struct with these columns of the latest one, among those of `TIME_ORDER`."""
    return f.max(f.struct(*TIME_ORDER, *columns))


def earliest_places(events: pa.Table, places: Ints, keys: Ints) -> Ints:
    """Where the earliest event of each key lies.

    Args:
        events: a table with the columns of `TIME_ORDER`.
        places: the rows of it to look at.
        keys: the key of each of these rows.

    Returns:
        The places of the earliest events, by rising key.
    """
    order = np.argsort(keys, kind="stable")
    rising, chosen = keys[order], places[order]
    is_first = np.diff(rising, prepend=rising[:1] - 1) != 0
    if not is_first.all():
        group = np.cumsum(is_first) - 1
        is_repeated = np.bincount(group)[group] > 1
        repeated = pa.array(chosen[is_repeated])
        few = pa.table({name: events[name].take(repeated) for name in TIME_ORDER})
        few = few.append_column("place", repeated).append_column("group", pa.array(group[is_repeated]))
        few = few.sort_by([(name, "ascending") for name in ("group", *TIME_ORDER)])
        chosen[is_repeated] = few["place"].to_numpy()
    found: Ints = chosen[is_first]
    return found
