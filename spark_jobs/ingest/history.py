"""Search the data files of an event table for lines, in the Python workers, a few columns of a row group at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.events import ERASURE_REQUEST
from spark_jobs.ingest.deduplicate import COPY, COPY_COLUMNS, KEYS, PLACE, Buckets, Digests, are_among, digests, naming
from spark_jobs.lake.files import DataFile, read_groups

LINES = pa.schema([(name, COPY.field(name).type) for name in ("dt", *PLACE, "event_key")])


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
        for found in self._groups(batches, COPY_COLUMNS, wanted=self._are_looked_for):
            if self.replaced and "withdrawn_by" not in found.column_names:  # withdrawn lines are remembered
                found = found.filter(pc.invert(self._is_replaced(found)))
            elif self.replaced:
                found = found.filter(pc.or_(pc.invert(self._is_replaced(found)), pc.is_valid(found["withdrawn_by"])))
            if len(found):
                yield from self.buckets.of_table(found)

    def replaced_keys(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The first halves of the event keys of lines in replaced files: rows of `KEYS`."""
        for group in self._groups(batches, ("file", "event_key"), wanted=pc.is_valid):
            found = group.filter(self._is_replaced(group))
            if len(found):
                yield pa.RecordBatch.from_pylist([{"keys": digests(found["event_key"])[:, 0].tobytes()}], schema=KEYS)

    def keys_of_copies(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The first halves of the event keys of all copies: rows of `KEY_BUCKET`, new where a file is replaced."""
        names = ("file", "event_key") if self.replaced else ("event_key",)
        for found in self._groups(batches, names, wanted=pc.is_valid):
            keys = digests(found["event_key"])[:, 0]
            is_new = self._is_replaced(found).to_numpy() if self.replaced else np.zeros(len(keys), np.bool_)
            yield self.buckets.of_keys(keys[is_new], is_new=True)
            yield self.buckets.of_keys(keys[~is_new], is_new=False)

    def _are_looked_for(self, event_keys: pa.ChunkedArray) -> pa.Array:
        """Which are keys of copies, and of those that are looked for."""
        are_keys = pc.is_valid(event_keys)
        return are_keys if self.keys is None else pc.and_(are_keys, pa.array(are_among(digests(event_keys)[:, 0], self.keys)))

    def _is_replaced(self, rows: pa.Table) -> pa.ChunkedArray:
        return pc.is_in(rows["file"], value_set=pa.array(self.replaced, pa.string()))

    def lines_of_people(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The lines that name one of the people and are no erasure request: rows of `LINES`."""
        for group in self._groups(batches, (*LINES.names, "event_type", "persons")):
            if "persons" not in group.column_names:
                continue
            found = group.filter(pa.array(naming(group["persons"], self.people)))
            if "event_key" in found.column_names:
                is_request = pc.and_(pc.equal(found["event_type"], ERASURE_REQUEST), pc.is_valid(found["event_key"]))
                found = found.filter(pc.invert(pc.fill_null(is_request, False)))
            else:
                found = found.append_column("event_key", pa.nulls(len(found), LINES.field("event_key").type))
            yield from found.select(LINES.names).cast(LINES).to_batches()

    def _groups(
        self,
        batches: Iterable[pa.RecordBatch],
        names: Sequence[str],
        *,
        wanted: Callable[[pa.ChunkedArray], pa.Array] | None = None,
    ) -> Iterator[pa.Table]:
        """Row groups with some columns, with `wanted` the rows of these whose event keys are wanted."""
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                for file in self.slots[slot]:
                    yield from read_groups(self.table, file, names, None if wanted is None else ("event_key", wanted))
