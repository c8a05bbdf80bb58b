"""Batches of rows in Arrow: in single binary values, which Spark moves as one and never looks into, and cut between groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


def serialized(table: pa.Table) -> bytes:
    """The table as an IPC stream of one batch: buffers are compressed one by one, which is slow for many small ones."""
    table = table.combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def deserialized(value: pa.BinaryScalar) -> pa.Table:
    """The table of a value that `serialized` made."""
    return pa.ipc.open_stream(value.as_buffer()).read_all()


def whole_groups(batches: Iterable[pa.RecordBatch], key: str, most: int) -> Iterator[pa.Table]:
    """Rows sorted by a key without nulls, cut only where it changes: about a batch at once, and of so many groups at most."""
    held: list[pa.Table] = []
    for batch in batches:
        if not len(batch):
            continue
        rows = pa.Table.from_batches([batch])
        begin = pc.index(rows[key], rows[key][-1]).as_py()  # of the last group, which may go on
        if begin or (held and held[-1][key][-1] != rows[key][0]):
            yield from _cut(pa.concat_tables([*held, rows.slice(0, begin)]), key, most)
            held = []
        held.append(rows.slice(begin))
    if held:
        yield pa.concat_tables(held)


def _cut(rows: pa.Table, key: str, most: int) -> Iterator[pa.Table]:
    ends = pc.run_end_encode(rows[key].combine_chunks()).run_ends.to_pylist()
    for begin, end in pairwise([0, *ends[most - 1 : -1 : most], len(rows)]):
        yield rows.slice(begin, end - begin)
