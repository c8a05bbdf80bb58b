"""How fast the spread graph is, from lake to lake, compared with Spark's own shuffle, GraphFrames, and the bare kernels.

    python -m benchmarks.spread_graph trees --shares 10000000       # share trees against reading, shuffling, writing the rows
    python -m benchmarks.spread_graph graphframes --edges 1000000   # influence and circles against PageRank, label propagation
    python -m benchmarks.spread_graph growth --edges 100000 1000000 10000000

Times are wall-clock seconds of one session that has run a small job before; each line is a JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import deltalake
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyspark.sql.functions as f
from graphframes import GraphFrame
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from benchmarks._memory import Memory
from contract.events import Fate
from contract.settings import Settings
from spark_jobs.engine.session import spark_session
from spark_jobs.families.day import LakeDay
from spark_jobs.lake import catalog, derived_tables, event_tables
from spark_jobs.spread_graph import merchant_events
from spark_jobs.spread_graph.arrays import Ints, take
from spark_jobs.spread_graph.circles import circles
from spark_jobs.spread_graph.events import events_that_count
from spark_jobs.spread_graph.forest import forest
from spark_jobs.spread_graph.graph import opener_graph, pairs
from spark_jobs.spread_graph.influence import page_rank, scaled
from spark_jobs.spread_graph.job import partitions
from spark_jobs.spread_graph.job import run as spread_graph
from spark_jobs.spread_graph.platform_graph import page_rank_by_graphframes
from spark_jobs.spread_graph.spreaders import all_circles

AS_OF = date(2026, 4, 1)
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
LONG_AGO = 200  # days before AS_OF: outside the 90 days of the opener graph
MERCHANTS = 200
CIRCLE = 15
PIECE = 1_000_000  # rows written at a time


@dataclass(frozen=True)
class Opens:
    """A random opener graph: user `opener` opened the only share of user `sharer`, each pair once; merchants of equal size."""

    users: int
    opener: Ints
    sharer: Ints


def random_opens(edges: int, seed: int = 1) -> Opens:
    """Six opens by each user: half within circles of 15, half of shares by a few people with a wide audience."""
    rng = np.random.default_rng(seed)
    users = max(edges // 6, MERCHANTS * CIRCLE) // (MERCHANTS * CIRCLE) * MERCHANTS * CIRCLE
    size = users // MERCHANTS
    opener = rng.integers(0, users, edges)
    friend = opener // CIRCLE * CIRCLE + rng.integers(0, CIRCLE, edges)
    heard = opener // size * size + (rng.pareto(1.2, edges) * size / 50).astype(np.int64) % size
    sharer = np.where(rng.random(edges) < 0.5, friend, heard)
    pairs = np.unique(opener[opener != sharer] * users + sharer[opener != sharer])
    return Opens(users, pairs // users, pairs % users)


def write_shares(
    settings: Settings, number: int, days_ago: int, parents: Ints | None = None, merchants: int = MERCHANTS
) -> None:
    """Share i by user i of merchant i·merchants/number, with a parent or none (-1)."""
    size = max(number // merchants, 1)
    for begin in range(0, number, PIECE):
        share = np.arange(begin, min(begin + PIECE, number))
        parent = np.full(len(share), -1) if parents is None else parents[share]
        columns = {
            "event_type": "shop.share_created.v1",
            "merchant_id": _ids("m", share // size),
            "share_id": _ids("s", share),
            "user_id": _ids("u", share),
            "object_type": "product",
            "object_id": _ids("p", share // size % 7),
            "channel": "group",
            "parent_share_id": _ids("s", parent, parent >= 0),
        }
        _write(settings, columns, "share", share, days_ago)


def write_opens(settings: Settings, opens: Opens) -> None:
    size = opens.users // MERCHANTS
    for begin in range(0, len(opens.opener), PIECE):
        piece = slice(begin, begin + PIECE)
        columns = {
            "event_type": "shop.share_opened.v1",
            "merchant_id": _ids("m", opens.sharer[piece] // size),
            "share_id": _ids("s", opens.sharer[piece]),
            "user_id": _ids("u", opens.opener[piece]),
        }
        _write(settings, columns, "open", np.arange(begin, begin + len(opens.opener[piece])), 10)


def _ids(letter: str, numbers: Ints, is_there: np.ndarray | None = None) -> pa.Array:
    text = pc.binary_join_element_wise(letter, pc.cast(pa.array(numbers), pa.string()), "")
    return text if is_there is None else pc.if_else(pa.array(is_there), text, None)


def _write(settings: Settings, columns: dict[str, pa.Array | str], kind: str, number: Ints, days_ago: int) -> None:
    """Add accepted events to the shop's table: one a millisecond, from midnight of the day."""
    rows, day = len(number), AS_OF - timedelta(days=days_ago)
    begin = int((MIDNIGHT - timedelta(days=days_ago)).timestamp() * 1_000_000)
    values = columns | {
        "fate": Fate.ACCEPTED.value,
        "event_id": _ids(kind, number),
        "event_source": columns["merchant_id"],
        "event_time": pa.array(begin + number * 1000, pa.timestamp("us", tz="UTC")),
        "event_date": pa.array(np.full(rows, np.datetime64(day))),
        "event_month": f"{day:%Y-%m}",
    }
    schema = to_arrow_schema(event_tables.event_schema(merchant_events.SOURCE))
    arrays = []
    for field in schema:
        value = values.get(field.name)
        if value is None:
            arrays.append(pa.nulls(rows, field.type))
        else:
            arrays.append(pa.array([value]).take(pa.array(np.zeros(rows, np.int64))) if isinstance(value, str) else value)
    path = catalog.table_path(settings, f"{merchant_events.SOURCE}_events")
    deltalake.write_deltalake(path, pa.Table.from_arrays(arrays, schema=schema), mode="append")


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return round(time.perf_counter() - begin, 2)


def show(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


def a_lake(root: Path, name: str) -> Settings:
    settings = Settings.from_environment({"FANOUT_HOME": str(root / name)})
    event_tables.event_table(settings, merchant_events.SOURCE)
    return settings


def warm_up(spark: SparkSession, root: Path) -> None:
    """Run the job on a few shares, so that no measurement includes the JVM's warm-up."""
    small = a_lake(root, "small")
    write_shares(small, 1000, 10)
    spread_graph(LakeDay(spark, small, AS_OF))


def run(spark: SparkSession, settings: Settings) -> float:
    """Seconds of the job, with the number of partitions that it chooses itself."""
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions(spark, settings)))
    return timed(lambda: spread_graph(LakeDay(spark, settings, AS_OF)))


def trees(spark: SparkSession, root: Path, shares: int) -> None:
    """Trees of three shares on average, and a tenth of them long ones."""
    settings = a_lake(root, "trees")
    rng = np.random.default_rng(1)
    place = np.arange(shares)
    parents = np.where(rng.random(shares) < 1 / 3, -1, place - 7 * rng.integers(1, 50, shares))
    write_shares(settings, shares, LONG_AGO, np.maximum(parents, -1))
    spark.conf.set("spark.sql.shuffle.partitions", str(partitions(spark, settings)))

    def plain() -> None:
        rows = event_tables.accepted_events(spark, settings, merchant_events.SOURCE, AS_OF).select(*merchant_events.COLUMNS)
        derived_tables.write_day(rows.repartition("merchant_id"), settings, "plain", AS_OF)

    baseline, job = timed(plain), run(spark, settings)
    show(measure="trees", shares=shares, read_shuffle_write=baseline, spread_graph=job, ratio=round(job / baseline, 2))


def influence_and_circles(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Only influence and circle of each user of whole merchants, as `merchant_tables` computes them; for `mapInArrow`."""
    received = merchant_events.received(batches)
    if received is not None:
        events = events_that_count(received)
        graph = opener_graph(events, forest(events.shares.parent), (AS_OF - date(1970, 1, 1)).days)
        influence = scaled(page_rank(len(graph.user), graph.opener, graph.sharer, graph.weight), graph.merchant)
        merchant, user = take(events.merchants, graph.merchant), take(events.users, graph.user)
        circle = take(events.users, graph.user[all_circles(graph)])
        columns = [merchant, user, pa.array(influence), circle]
        yield pa.RecordBatch.from_arrays(columns, names=["merchant_id", "user_id", "influence", "circle_id"])


def against_graphframes(spark: SparkSession, root: Path, edges: int) -> None:
    """Compare with GraphFrames at the same accuracy of PageRank; GraphFrames gets the edges as numbers in memory."""
    opens = random_opens(edges)
    settings = a_lake(root, "graph")
    write_shares(settings, opens.users, 10)
    write_opens(settings, opens)
    job = run(spark, settings)

    def alone() -> None:
        whole_merchants = merchant_events.read(spark, settings, AS_OF, partitions(spark, settings))
        schema = "merchant_id string, user_id string, influence double, circle_id string"
        derived_tables.write_day(whole_merchants.mapInArrow(influence_and_circles, schema), settings, "alone", AS_OF)

    merchants = timed(alone)
    vertices = spark.range(opens.users).persist()
    ends = [
        f.substring(column, 2, 12).cast("bigint").alias(name) for column, name in (("opener_id", "src"), ("sharer_id", "dst"))
    ]
    numbered = (
        derived_tables.read_day(spark, settings, "opener_edges", AS_OF)
        .select(*ends, f.col("shares_opened").alias("weight"))
        .persist()
    )
    graph = GraphFrame(vertices, numbered)
    numbered.count()
    rank = timed(lambda: page_rank_by_graphframes(vertices, numbered).count())
    labels = timed(lambda: graph.labelPropagation(maxIter=10).count())
    show(
        measure="graphframes",
        edges=len(opens.opener),
        page_rank=rank,
        label_propagation=labels,
        influence_and_circles=merchants,
        ratio=round((rank + labels) / merchants, 1),
        spread_graph=job,
        ratio_of_job=round((rank + labels) / job, 1),
    )


def growth(spark: SparkSession, root: Path, sizes: list[int]) -> None:
    measured = [one_size(spark, root, edges) for edges in sizes]
    (few, short), (many, long) = measured[0], measured[-1]
    if few < many:
        show(measure="growth", exponent=round(float(np.log(long / short) / np.log(many / few)), 2))


def one_size(spark: SparkSession, root: Path, edges: int) -> tuple[int, float]:
    """Edges and seconds of one graph."""
    opens = random_opens(edges)
    settings = a_lake(root, f"growth-{edges}")
    write_shares(settings, opens.users, 10)
    write_opens(settings, opens)
    with Memory() as memory:
        job = run(spark, settings)
    kernels = timed(lambda: bare_kernels(opens))
    ratio = round(job / kernels, 2)
    show(measure="growth", edges=len(opens.opener), spread_graph=job, kernels=kernels, ratio=ratio, peak_mb=memory.peak())
    return len(opens.opener), job


def bare_kernels(opens: Opens) -> None:
    """PageRank and Leiden on arrays in memory, merchant by merchant, in one thread."""
    weight = np.ones(len(opens.opener), np.int64)
    page_rank(opens.users, opens.opener, opens.sharer, weight)
    circles(np.repeat(np.arange(MERCHANTS), opens.users // MERCHANTS), *pairs(opens.opener, opens.sharer, opens.users))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "measure", choices=["trees", "graphframes", "growth"], nargs="*", default=["trees", "graphframes", "growth"]
    )
    parser.add_argument("--shares", type=int, default=10_000_000)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spread-graph-") as folder:
        root = Path(folder)
        home = Settings.from_environment({"FANOUT_HOME": folder})
        spark = spark_session("benchmark", home, rows=max(options.shares, *options.edges))
        warm_up(spark, root)
        if "trees" in options.measure:
            trees(spark, root, options.shares)
        if "graphframes" in options.measure:
            against_graphframes(spark, root, options.edges[len(options.edges) // 2])
        if "growth" in options.measure:
            growth(spark, root, options.edges)
        spark.stop()


if __name__ == "__main__":
    main()
