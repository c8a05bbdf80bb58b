"""Search the data files of an event table for lines, in the Python workers, a few columns of a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from contract.events import ERASURE_REQUEST
from spark_jobs.ingest.deduplicate import COPY_COLUMNS, PLACE, Buckets, Digests, are_among, digests, naming
from spark_jobs.lake.files import DataFile, read_groups

PLACES = pa.schema({"file": pa.string(), "line": pa.int64()})
KEYS = pa.schema({"keys": pa.binary()})


@dataclass(frozen=True)
class History:
    """Data files of an event table; the methods are for `mapInArrow` over positions in `slots`.

    Args:
        table: where the event table lies.
        slots: the data files that each task reads.
        keys: the first halves of the event keys that are looked for, sorted; None looks for all.
        people: the people who are looked for.
        replaced: files whose lines no longer take part, since they are read again.
        buckets: for the copies.
    """

    table: str
    slots: Sequence[Sequence[DataFile]]
    keys: Digests | None = None
    people: Sequence[str] = field(default=(), repr=False)
    replaced: Sequence[str] = ()
    buckets: Buckets = field(default_factory=Buckets)

    def copies(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Known copies of the events that are looked for: rows of `BUCKET`."""
        for group in self._groups(batches, COPY_COLUMNS):
            if "event_key" not in group.column_names:
                continue
            found = group.filter(pc.is_valid(group["event_key"]))
            if self.replaced and "withdrawn_by" not in group.column_names:  # withdrawn lines are remembered
                found = found.filter(pc.invert(self._is_replaced(found)))
            elif self.replaced:
                found = found.filter(pc.or_(pc.invert(self._is_replaced(found)), pc.is_valid(found["withdrawn_by"])))
            if self.keys is not None:
                found = found.filter(pa.array(are_among(digests(found["event_key"])[:, 0], self.keys)))
            if len(found):
                yield from self.buckets.of_table(found)

    def replaced_keys(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The first halves of the event keys of lines in replaced files: rows of `KEYS`."""
        for group in self._groups(batches, ("file", "event_key")):
            if "event_key" in group.column_names:
                found = group.filter(pc.and_(pc.is_valid(group["event_key"]), self._is_replaced(group)))
                if len(found):
                    yield pa.RecordBatch.from_pylist([{"keys": digests(found["event_key"])[:, 0].tobytes()}], schema=KEYS)

    def _is_replaced(self, rows: pa.Table) -> pa.ChunkedArray:
        return pc.is_in(rows["file"], value_set=pa.array(self.replaced, pa.string()))

    def places(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The places of lines that name one of the people and are no erasure request: rows of `PLACES`."""
        for group in self._groups(batches, (*PLACE, "event_type", "event_key", "persons")):
            if "persons" not in group.column_names:
                continue
            found = group.filter(pa.array(naming(group["persons"], self.people)))
            if "event_key" in found.column_names:
                is_request = pc.and_(pc.equal(found["event_type"], ERASURE_REQUEST), pc.is_valid(found["event_key"]))
                found = found.filter(pc.invert(pc.fill_null(is_request, False)))
            yield from found.select(PLACES.names).cast(PLACES).to_batches()

    def _groups(self, batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[pa.Table]:
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                for file in self.slots[slot]:
                    yield from read_groups(self.table, file, names)
