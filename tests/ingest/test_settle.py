"""What judges copies, apart from Spark."""

from __future__ import annotations

import pyarrow as pa
import pytest

from spark_jobs.ingest.settle import digests, runs


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(16)], ids=str)
def test_digests_are_those_of_the_rows_of_a_slice(kind: pa.DataType) -> None:
    keys = pa.array([bytes([number]) * 16 for number in range(4)], kind)
    assert [row.tobytes() for row in digests(keys[1:3])] == [b"\1" * 16, b"\2" * 16]
    assert [row.tobytes() for row in digests(pa.chunked_array([keys[3:], keys[:1]]))] == [b"\3" * 16, b"\0" * 16]
    assert len(digests(keys[:0])) == 0


def test_runs_end_where_a_value_changes() -> None:
    assert list(runs(pa.array([7, 7, 3, 7]).to_numpy())) == [(0, 2), (2, 3), (3, 4)]
    assert list(runs(pa.array([5]).to_numpy())) == [(0, 1)]
    assert list(runs(pa.array([], pa.int64()).to_numpy())) == []
