"""Taking lines out of the data files of an event table, without Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_jobs.ingest import rewrite
from spark_jobs.ingest.rewrite import FILE_LINES, PLACES, RAW_LINES, REWRITTEN, LinesAt, Places, by_file
from spark_jobs.lake.files import DataFile

SLOTS = [pa.RecordBatch.from_pydict({"slot": [0, 1]})]
ROWS: dict[str, list[tuple[str, int, str | None]]] = {
    "accepted": [("a", 1, "x"), ("a", 2, "y"), ("b", 1, "z"), ("c", 2**33, "v"), ("c", 1, "w")],
    "duplicate": [("b", 2, None), ("b", 3, None)],
    "quarantined": [("d", 1, "u")],
}


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """Three data files, of which duplicates have no column `raw`, one with 32 bits for lines, as `LinesAt` some places."""
    files: list[DataFile] = []
    for fate, rows in ROWS.items():
        columns = {"file": [row[0] for row in rows], "line": [row[1] for row in rows]}
        columns |= {} if fate == "duplicate" else {"raw": [(row[2] or "").encode() for row in rows]}
        (tmp_path / f"fate={fate}").mkdir()
        kinds = pa.schema([*PLACES, *([] if fate == "duplicate" else [RAW_LINES.field("raw")])])
        narrow = kinds.set(1, pa.field("line", pa.int32())) if fate == "duplicate" else kinds
        pq.write_table(pa.table(columns, narrow), tmp_path / f"fate={fate}/a.parquet", row_group_size=2)
        files.append(DataFile(f"fate={fate}/a.parquet", len(rows), 9, {"fate": fate, "event_month": None}))
    return lambda places: LinesAt(tmp_path.as_uri(), [files[:1], files[1:]], places, RAW_LINES)


def batch_of(*at: tuple[str, int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"file": file, "line": line} for file, line in at], schema=PLACES)


def places(*at: tuple[str, int], whole: tuple[str, ...] = ()) -> Places:
    """As they come from two tasks."""
    tasks = [at[: len(at) // 2], at[len(at) // 2 :]]
    return Places.of([row for task in tasks for part in by_file([batch_of(*task)]) for row in part.to_pylist()], whole=whole)


def taken_out(tmp_path: Path, lines: LinesAt) -> dict[str, list[list[tuple[str, int]]]]:
    """By data file that is replaced, the places that are left, for each file that takes its place."""
    left: dict[str, list[list[tuple[str, int]]]] = {}
    for batch in lines.taken_out(SLOTS):
        assert batch.schema == REWRITTEN
        for row in batch.to_pylist():
            old, files = row["instead_of"], left.setdefault(row["instead_of"], [])
            if row["path"] is not None:
                assert Path(row["path"]).parts[0] == Path(old).parts[0] != row["path"]
                rows = pq.read_table(tmp_path / row["path"], partitioning=None)
                assert rows.column_names == pq.read_schema(tmp_path / old).names
                assert rows.schema.field("line").type == pa.int64()
                files.append([(line["file"], line["line"]) for line in rows.to_pylist()])
    return left


def test_places_are_told_by_file() -> None:
    at = [("b", 3), ("a", 7), ("b", 1)]
    [found] = by_file([batch_of(*at)])
    assert found.schema == FILE_LINES
    assert {row["file"]: np.frombuffer(row["lines"], np.int64).tolist() for row in found.to_pylist()} == {"b": [3, 1], "a": [7]}
    assert [batch.num_rows for batch in by_file([])] == [0]
    assert {file: lines.tolist() for file, lines in places(*at).lines.items()} == {"b": [3, 1], "a": [7]}


def test_there_are_places_or_none() -> None:
    assert places(("a", 1))
    assert places(whole=("a",))
    assert not places()


def test_a_data_file_is_written_again_without_the_lines_and_others_are_left_alone(table: Any, tmp_path: Path) -> None:
    assert taken_out(tmp_path, table(places(("a", 2), ("c", 2**33), ("b", 9), ("nowhere", 1)))) == {
        "fate=accepted/a.parquet": [[("a", 1), ("b", 1), ("c", 1)]]
    }
    assert taken_out(tmp_path, table(places(("b", 1), ("b", 3), ("d", 1)))) == {
        "fate=accepted/a.parquet": [[("a", 1), ("a", 2), ("c", 2**33), ("c", 1)]],
        "fate=duplicate/a.parquet": [[("b", 2)]],
        "fate=quarantined/a.parquet": [],
    }
    assert taken_out(tmp_path, table(places(("nowhere", 1)))) == {}


def test_of_whole_files_all_lines_go(table: Any, tmp_path: Path) -> None:
    assert taken_out(tmp_path, table(places(("a", 1), whole=("b", "nowhere")))) == {
        "fate=accepted/a.parquet": [[("a", 2), ("c", 2**33), ("c", 1)]],
        "fate=duplicate/a.parquet": [],
    }


def test_what_is_left_of_a_large_file_becomes_several(table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrite, "_BYTES_PER_FILE", 1)
    found = taken_out(tmp_path, table(places(("a", 1), ("c", 1))))
    assert found == {"fate=accepted/a.parquet": [[("a", 2)], [("b", 1), ("c", 2**33)]]}


def test_the_bytes_of_lines_are_found_where_they_are_kept(table: Any) -> None:
    batches = list(table(places(("a", 2), ("b", 2), ("d", 1), ("d", 2))).raw(SLOTS))
    assert {batch.schema for batch in batches} == {RAW_LINES}
    assert sorted(tuple(row.values()) for batch in batches for row in batch.to_pylist()) == [
        ("a", 2, b"y"),
        ("b", 2, None),
        ("d", 1, b"u"),
    ]
