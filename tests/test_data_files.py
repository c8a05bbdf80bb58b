"""Data files as a reader of Parquet finds them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_jobs.data_files import write_file


@pytest.mark.parametrize("count", [0, 1, 7, 5000])
def test_what_repeats_has_a_dictionary_and_every_value_comes_back(tmp_path: Path, count: int) -> None:
    rows = pa.table(
        {
            "id": [f"id-{number:06}" for number in range(count)],
            "often": [f"kind {number // (count / 3)}" for number in range(count)],
            "in_runs": [number // 3 for number in range(count)],  # neighbours are alike, and few others
            "hardly": pa.array([f"x{number}" if number % 50 == 0 else None for number in range(count)], pa.string()),
            "never": pa.nulls(count, pa.decimal128(18, 2)),
            "parts": pa.array([["a"]] * count, pa.list_(pa.string())),
        }
    )
    (file,) = write_file(tmp_path.as_uri(), {"day": None}, rows).to_pylist()
    written = pq.ParquetFile(tmp_path / file["path"])
    assert written.read().equals(rows)
    if count == 5000:
        group = written.metadata.row_group(0)
        columns = {column.path_in_schema: column.has_dictionary_page for column in map(group.column, range(group.num_columns))}
        assert {name for name, has_dictionary in columns.items() if has_dictionary} == {"often"}
