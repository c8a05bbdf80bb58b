"""Data files as a reader of Parquet finds them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from contract.sql import literal
from spark_jobs.lake.files import (
    DataFile,
    commit,
    data_files,
    delta_table,
    matching_rows,
    open_table,
    read_groups,
    select,
    slots,
    statistics,
    write_file,
)


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


def test_rows_are_found_in_several_files_and_a_column_that_a_file_lacks_is_null(tmp_path: Path) -> None:
    schema = pa.schema({"kind": pa.string(), "n": pa.int64(), "price": pa.decimal128(18, 2)})
    prices = pa.array([Decimal("1.50"), None], pa.decimal128(18, 2))
    parts = [
        pa.table({"kind": ["a", "b"], "n": [1, 2], "price": prices}),
        pa.table({"kind": ["b", "a"], "n": [3, 4]}),
        pa.table({"kind": ["c"], "n": [5]}),
    ]
    uri = tmp_path.as_uri()
    files = []
    for rows in parts:
        (file,) = write_file(uri, {"day": None}, rows).to_pylist()
        files.append(DataFile(file["path"], len(rows), file["size"], {}))

    def found(wanted: pc.Expression) -> list[dict[str, object]]:
        return [row for rows in matching_rows(uri, files, schema, wanted) for row in rows.to_pylist()]

    assert found(pc.field("kind") == "a") == [
        {"kind": "a", "n": 1, "price": Decimal("1.50")},
        {"kind": "a", "n": 4, "price": None},
    ]
    assert [row["n"] for row in found(pc.field("n") > 0)] == [1, 2, 3, 4, 5]
    assert list(matching_rows(uri, files, schema, pc.field("kind") == "z")) == []


def test_files_come_instead_of_others_in_one_commit(tmp_path: Path) -> None:
    schema, uri = pa.schema({"kind": pa.string(), "n": pa.int64()}), tmp_path.as_uri()

    def written(kind: str, *values: int) -> list[dict[str, Any]]:
        return write_file(uri, {"kind": kind}, pa.table({"n": values})).to_pylist()  # type: ignore[no-any-return]

    table = open_table(uri, schema, ["kind"], "first")
    commit(table, [*written("a", 1, 2), *written("a", 3), *written("b", 4)], "first")
    table.update_incremental()
    [old] = [file for file in data_files(uri) if file.rows == 2]
    commit(table, written("a", 2), "second", removed=[old])
    table.update_incremental()
    assert table.version() == 2
    assert sorted((row["kind"], row["n"]) for row in select(table, "kind, n")) == [("a", 2), ("a", 3), ("b", 4)]
    table.load_as_version(1)
    assert len(select(table, "n")) == 4


def test_row_groups_without_a_wanted_value_are_read_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pa.table({"n": [1, 2, 3, 4, 5, None], "kind": list("abcdef"), "more": list("uvwxyz")})
    pq.write_table(rows, tmp_path / "a.parquet", row_group_size=2)
    file, uri = DataFile("a.parquet", 6, 0, {"fate": "read"}), tmp_path.as_uri()
    reads: list[tuple[int, tuple[str, ...]]] = []
    read = pq.ParquetFile.read_row_group

    def noted(content: pq.ParquetFile, number: int, columns: list[str]) -> pa.Table:
        reads.append((number, tuple(columns)))
        return read(content, number, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    names = ("kind", "n", "fate", "nowhere")
    every = [row for group in read_groups(uri, file, names) for row in group.to_pylist()]
    assert every == [row | {"fate": "read"} for row in rows.drop_columns("more").to_pylist()]
    reads.clear()
    two = [row for group in read_groups(uri, file, names, ("n", lambda n: pc.equal(n, 2))) for row in group.to_pylist()]
    assert two == [{"kind": "b", "n": 2, "fate": "read"}]
    assert reads == [(0, ("n",)), (0, ("kind",)), (1, ("n",)), (2, ("n",))]
    there = [group.to_pylist() for group in read_groups(uri, file, ("n",), ("n", pc.is_valid))]
    assert there == [[{"n": 1}, {"n": 2}], [{"n": 3}, {"n": 4}], [{"n": 5}]]
    assert list(read_groups(uri, file, names, ("nowhere", pc.is_valid))) == []


def test_rows_are_selected_without_a_store_that_threads_would_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread of pyarrow that lets go of a store in Python while Python ends aborts the process."""
    rows = {"a": pa.table({"name": ["it's", "two"], "n": [1, 2]}), "b": pa.table({"name": ["three"], "n": [3]})}
    uri = tmp_path.as_uri()
    table = open_table(uri, pa.schema({"name": pa.string(), "n": pa.int64(), "part": pa.string()}), ["part"], "test")
    commit(table, [write_file(uri, {"part": part}, its).to_pylist()[0] for part, its in rows.items()], "test")

    def refused(*_: object) -> None:
        raise AssertionError("a store in Python")

    for place in ("pyarrow.fs.PyFileSystem", "spark_jobs.lake.files.PyFileSystem"):
        monkeypatch.setattr(place, refused)
    now = delta_table(uri)
    assert now is not None
    with pytest.raises(AssertionError, match="a store in Python"):
        now.to_pyarrow_table()
    assert sorted(select(now, "name, n"), key=str) == [
        {"name": "it's", "n": 1},
        {"name": "three", "n": 3},
        {"name": "two", "n": 2},
    ]
    its = literal("it's")
    assert select(now, "part, n", f"part = 'a' and name = {its}") == [{"part": "a", "n": 1}]
    assert select(now, "n", "part = 'c'") == []


def test_slots_hold_every_file_once_in_order_and_about_as_much_each() -> None:
    files = [DataFile(f"{number:03}", 1, size << 20, {}) for number, size in enumerate([1, 2, 3] * 40)]
    found = slots(files, 2)
    assert [file for slot in found for file in slot] == files
    assert len(found) == 15  # 240 MB, 16 each
    assert max(sum(file.bytes for file in slot) for slot in found) <= 18 << 20
    assert [len(slot) for slot in slots(files[:2], 2)] == [1, 1]
    assert [len(slot) for slot in slots([DataFile("large", 1, 90 << 20, {}), *files[:2]], 2)] == [1, 2]
    assert slots([DataFile("empty", 0, 0, {})], 2) == [[DataFile("empty", 0, 0, {})]]
    assert slots([], 2) == []


def test_statistics_write_times_of_every_year_and_enclose_them() -> None:
    """RFC 3339 has four digits a year; thousandths are cut for the least, raised for the greatest, but not beyond the last."""
    times = pa.array(
        [datetime(26, 3, 1, 4, 0, 0, 1500, UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)], pa.timestamp("us", "UTC")
    )
    found = statistics(pa.table({"at": times, "day": pa.array([date(26, 3, 1), date(9999, 12, 31)])}), ["at", "day"])
    assert found["minValues"] == {"at": "0026-03-01T04:00:00.001Z", "day": "0026-03-01"}
    assert found["maxValues"] == {"at": "9999-12-31T23:59:59.999Z", "day": "9999-12-31"}
    found = statistics(pa.table({"at": times.slice(0, 1)}), ["at"])
    assert found["maxValues"] == {"at": "0026-03-01T04:00:00.002Z"}
