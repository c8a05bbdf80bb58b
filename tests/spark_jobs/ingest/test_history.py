"""Looking for lines in the data files of an event table, without Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.events import ERASURE_REQUEST
from spark_jobs.ingest.deduplicate import COPY, Buckets, digests
from spark_jobs.ingest.history import History
from spark_jobs.lake.files import DataFile
from tests.spark_jobs.ingest.test_deduplicate import Places, copies_of, copy, places

SLOTS = [pa.RecordBatch.from_pydict({"slot": [0, 1]})]
LINES = [
    copy("ab", "x", 1, "a", 1, persons=["u1", "u2"]),
    copy("c", "x", 1, "a", 2, withdrawn_by="event"),
    copy("d", "x", 1, "b", 3, event_type=ERASURE_REQUEST),
    copy("e", "x", 1, "b", 4) | {"event_key": None, "event_type": ERASURE_REQUEST},  # no well-formed event
    copy("ac", "x", 1, "b", 5, persons=None),
]


OLDER = [copy("ab", "x", 1, "a", 6), copy("f", "x", 1, "c", 7)]


@pytest.fixture
def history(tmp_path: Path) -> Any:
    """The lines in one data file, some in one that is older than withdrawals, and a file's own line, which is no copy."""
    rows = pa.Table.from_pylist(LINES, COPY).drop_columns(["batch", "fate"])
    older = pa.Table.from_pylist(OLDER, COPY).drop_columns(["batch", "fate", "withdrawn_by"])
    files: list[DataFile] = []
    for fate, part in (("accepted", rows), ("accepted", older), ("unreadable", rows.select(["file", "line"]))):
        path = f"fate={fate}/{len(files)}.parquet"
        (tmp_path / path).parent.mkdir(exist_ok=True)
        pq.write_table(part, tmp_path / path, row_group_size=2)
        files.append(DataFile(path, len(part), 0, {"fate": fate}))

    def of(**looked_for: Any) -> History:
        return History(str(tmp_path), [files[:1], files[1:]], **looked_for)

    return of


def test_copies_are_well_formed_events(history: Any) -> None:
    found = list(history().copies(SLOTS))
    assert places(found) == [("a", 1), ("a", 2), ("a", 6), ("b", 3), ("b", 5), ("c", 7)]
    assert {row["fate"] for row in copies_of(found)} == {"accepted"}


def test_copies_are_looked_for_by_the_first_half_of_their_keys(history: Any) -> None:
    keys = np.sort(digests(pa.array([b"a" * 16, b"d" * 16]))[:, 0])
    assert places(history(keys=keys).copies(SLOTS)) == [("a", 1), ("a", 6), ("b", 3), ("b", 5)]
    assert list(history(keys=keys[:0]).copies(SLOTS)) == []


def test_of_replaced_files_only_what_was_withdrawn_is_remembered(history: Any) -> None:
    assert places(history(replaced=["a"]).copies(SLOTS)) == [("a", 2), ("b", 3), ("b", 5), ("c", 7)]
    keys = [value for batch in history(replaced=["a"]).replaced_keys(SLOTS) for value in batch.column("keys").to_pylist()]
    assert keys == [b"a" * 8 + b"c" * 8, b"a" * 8]


def test_keys_of_all_copies_are_told_by_bucket_and_those_of_replaced_files_apart(history: Any) -> None:
    def keys(**looked_for: Any) -> list[tuple[bool, bytes]]:
        rows = [row for batch in history(**looked_for).keys_of_copies(SLOTS) for row in batch.to_pylist()]
        assert all(np.frombuffer(row["keys"], np.uint64)[0] % looked_for["buckets"].count == row["bucket"] for row in rows)
        return sorted((row["is_new"], row["keys"][at : at + 8]) for row in rows for at in range(0, len(row["keys"]), 8))

    assert keys(buckets=Buckets(3)) == [(False, letter * 8) for letter in (b"a", b"a", b"a", b"c", b"d", b"f")]
    apart = [*((False, letter * 8) for letter in (b"a", b"d", b"f")), *((True, letter * 8) for letter in (b"a", b"a", b"c"))]
    assert keys(buckets=Buckets(), replaced=["a"]) == apart


def test_lines_that_name_somebody_are_found_but_for_requests(history: Any) -> None:
    def named(*people: str) -> Places:
        return [
            (row["file"], row["line"]) for batch in history(people=people).lines_of_people(SLOTS) for row in batch.to_pylist()
        ]

    assert sorted(named("u1")) == [("a", 1), ("a", 2), ("a", 6), ("b", 4), ("c", 7)]
    assert named("u2", "u9") == [("a", 1)]
