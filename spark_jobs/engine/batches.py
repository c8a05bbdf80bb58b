"""Arrow tables in single binary values, so that Spark moves many rows as one and never looks at their columns."""

from __future__ import annotations

import pyarrow as pa

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


def packed(table: pa.Table) -> bytes:
    """The table as an IPC stream of one batch: buffers are compressed one by one, and many small ones take long."""
    table = table.combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(value: pa.BinaryScalar) -> pa.Table:
    """What `packed` made."""
    return pa.ipc.open_stream(value.as_buffer()).read_all()
