"""What the spread graph is made of: the shares, opens, payments and refunds of the lake, as slim rows.

Workers read them from the data files themselves and send them to the partition of their merchant in event batches, each a
table in one binary value: as rows of Spark, one million took a second on the way.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from contract.events import Fate
from contract.settings import Settings
from spark_jobs.engine.batches import deserialized, serialized
from spark_jobs.lake import catalog, event_tables
from spark_jobs.lake.files import DataFile, matching_rows, slots
from spark_jobs.spread_graph.arrays import Ints

SOURCE = "shop"
SHARE, OPEN, ORDER, REFUND = "share", "open", "order", "refund"
KINDS = {
    "shop.share_created.v1": SHARE,
    "shop.share_opened.v1": OPEN,
    "shop.order_paid.v1": ORDER,
    "shop.order_refunded.v1": REFUND,
}
# Columns of the event table.
COLUMNS = (
    "event_type",
    "merchant_id",
    "share_id",
    "via_share_id",
    "user_id",
    "event_time",
    "event_date",
    "event_id",
    "event_source",
    "parent_share_id",
    "object_type",
    "object_id",
    "channel",
    "order_id",
    "refund_id",
    "amount",
)
EVENT_BATCH = pa.schema({"partition": pa.int32(), "rows": pa.int64(), "events": pa.binary()})


def slim(events: pa.Table) -> pa.Table:
    """Slim rows of the four kinds of events that make up the spread graph.

    Columns, null where the kind has no such field: kind; merchant_id; share_id (of an order: the share that led to it);
    user_id; event_time (microseconds since the epoch); day (business date in days since the epoch); event_id and
    event_source (null for an open, which nothing replaces); parent_share_id; object_type; object_id; channel; order_id;
    refund_id; cents.

    Args:
        events: `COLUMNS` of accepted events of `KINDS`.
    """
    number = pc.index_in(events["event_type"], value_set=pa.array(KINDS))
    kind = pa.array(KINDS.values()).take(number)
    is_share, is_order, is_kept = pc.equal(kind, SHARE), pc.equal(kind, ORDER), pc.not_equal(kind, OPEN)
    columns = {
        "kind": kind,
        "merchant_id": events["merchant_id"],
        "share_id": pc.if_else(is_order, events["via_share_id"], events["share_id"]),
        "user_id": events["user_id"],
        "event_time": events["event_time"].cast(pa.int64()),
        "day": events["event_date"].cast(pa.int32()),
        "cents": pc.multiply(events["amount"], pa.scalar(100, pa.int64())).cast(pa.int64()),
    }
    columns |= {name: pc.if_else(is_kept, events[name], None) for name in ("event_id", "event_source")}
    columns |= {name: pc.if_else(is_share, events[name], None) for name in ("object_type", "object_id", "channel")}
    return pa.table(columns | {name: events[name] for name in ("parent_share_id", "order_id", "refund_id")})


@dataclass(frozen=True)
class EventReader:
    """Reads events from data files of the event table; its method is for `mapInArrow`.

    Args:
        table: where the event table lies.
        schema: of `COLUMNS`.
        slots: the data files that each task reads.
        as_of: the last business date.
        partitions: how many there are; all events of a merchant go to one.
    """

    table: str
    schema: pa.Schema
    slots: Sequence[Sequence[DataFile]]
    as_of: date
    partitions: int

    def read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Positions in `slots` to rows of `EVENT_BATCH`."""
        wanted = pc.field("event_type").isin(list(KINDS)) & (pc.field("event_date") <= pa.scalar(self.as_of))
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                for rows in matching_rows(self.table, self.slots[slot], self.schema, wanted):
                    yield from self._event_batches(slim(rows))

    def _event_batches(self, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        place = self._partitions(rows["merchant_id"])
        order = np.argsort(place, kind="stable")
        together = rows.take(pa.array(order))
        numbers, begins = np.unique(place[order], return_index=True)
        for number, begin, end in zip(numbers, begins, [*begins[1:], len(order)], strict=True):
            row = {"partition": number, "rows": end - begin, "events": serialized(together.slice(begin, end - begin))}
            yield pa.RecordBatch.from_pylist([row], schema=EVENT_BATCH)

    def _partitions(self, merchants: pa.ChunkedArray) -> Ints:
        encoded = merchants.combine_chunks().dictionary_encode()
        numbers = [zlib.crc32(name.encode()) % self.partitions for name in encoded.dictionary.to_pylist()]
        places: Ints = np.array(numbers, np.int64)[encoded.indices.to_numpy()]
        return places


def read(spark: SparkSession, settings: Settings, as_of: date, partitions: int) -> DataFrame:
    """Every accepted event with a business date of at most `as_of`, as rows of `EVENT_BATCH`; merchants are not split."""
    files = [
        file
        for file in event_tables.event_files(settings, SOURCE, Fate.ACCEPTED)
        if str(file.partition["event_month"]) <= f"{as_of:%Y-%m}"
    ]
    of_tasks = slots(files, spark.sparkContext.defaultParallelism)
    events = to_arrow_schema(event_tables.event_schema(SOURCE))
    schema = pa.schema([events.field(name) for name in COLUMNS])
    reader = EventReader(catalog.table_path(settings, f"{SOURCE}_events"), schema, of_tasks, as_of, partitions)
    tasks = spark.range(0, len(of_tasks), 1, max(len(of_tasks), 1))
    return tasks.mapInArrow(reader.read, from_arrow_schema(EVENT_BATCH)).repartitionById(partitions, "partition")


def received(batches: Iterable[pa.RecordBatch]) -> pa.Table | None:
    """The events of a partition of `read`, in one chunk: taking rows out of many is several times slower."""
    tables = [deserialized(value) for batch in batches for value in batch["events"]]
    return pa.concat_tables(tables).combine_chunks() if tables else None
