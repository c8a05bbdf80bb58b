"""Arrow tables in single binary values: Spark moves many rows as one, and never looks at their columns."""

from __future__ import annotations

import pyarrow as pa

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
