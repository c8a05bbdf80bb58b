"""What judges copies, apart from Spark."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from contract.events import ERASURE_REQUEST, Fate, Withdrawal
from spark_jobs.engine.batches import deserialized, serialized
from spark_jobs.ingest.deduplicate import (
    BUCKET,
    COPY,
    JUDGED,
    KEYS,
    Buckets,
    Candidates,
    Judge,
    are_among,
    changed_rows,
    digests,
    naming,
    repeated_keys,
    runs,
    slim,
)

Places = list[tuple[str, int]]
Verdicts = dict[tuple[str, int], tuple[str, str | None]]


def copy(event: str, says: str, dt: int, file: str, line: int, **other: Any) -> dict[str, Any]:
    """A copy of an event that lies in line batch 0, accepted so far. `event` is a letter for each half of the key."""
    key, content = ((text * 2)[:2].encode() for text in (event, says))
    row: dict[str, Any] = {"event_key": key[:1] * 8 + key[1:] * 8, "content_hash": content[:1] * 8 + content[1:] * 8}
    row |= {"dt": date(2026, 3, dt), "file": file, "line": line, "fate": "accepted", "event_type": "shop.page_viewed.v1"}
    return dict.fromkeys(COPY.names) | row | {"persons": ["u1"], "batch": 0} | other


def bucket(*copies: dict[str, Any], buckets: Buckets | None = None) -> list[pa.RecordBatch]:
    return list((buckets or Buckets()).of_table(pa.Table.from_pylist(list(copies), COPY)))


def copies_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for value in batch.column("copies") for row in deserialized(value).to_pylist()]


def places(batches: Iterable[pa.RecordBatch]) -> Places:
    return sorted((row["file"], row["line"]) for row in copies_of(batches))


def changes(judge: Judge, *copies: dict[str, Any]) -> dict[int | None, Verdicts]:
    """By line batch, which copies get another fate."""
    found: dict[int | None, Verdicts] = {}
    for changed in judge.changes(bucket(*copies)):
        for batch, value in zip(changed.column("batch").to_pylist(), changed.column("changes"), strict=True):
            assert batch not in found
            rows = deserialized(value).to_pylist()
            found[batch] = {(row["file"], row["line"]): (row["new_fate"], row["new_reason"]) for row in rows}
    return found


DUPLICATE = (Fate.DUPLICATE.value, None)
CONFLICT = (Fate.QUARANTINED.value, "conflicting_duplicate")


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


def test_keys_are_found_among_others_up_to_the_last_and_beyond() -> None:
    halves, keys = np.array([0, 2, 3, 7, 8], np.uint64), np.array([2, 5, 7], np.uint64)
    assert are_among(halves, keys).tolist() == [False, True, False, True, False]
    assert are_among(halves, keys[:0]).tolist() == [False] * 5


def test_people_are_found_anywhere_in_a_list() -> None:
    lists = pa.chunked_array([[["u1", "u2"], None], [[], ["u2"], ["u3"]]], pa.list_(pa.string()))
    assert naming(lists, ["u2", "u9"]).tolist() == [True, False, False, True, False]


def test_all_copies_of_an_event_are_in_one_bucket() -> None:
    copies = [copy(chr(97 + number % 13), str(number), 1, "f", number) for number in range(26)]
    batches = bucket(*copies, buckets=Buckets(5))
    assert 1 < len(batches) <= 5
    assert sorted(row["line"] for row in copies_of(batches)) == list(range(26))
    keys = [{row["event_key"] for row in copies_of([batch])} for batch in batches]
    assert len(set().union(*keys)) == sum(map(len, keys)) == 13
    assert len({batch.column("bucket")[0].as_py() for batch in batches}) == len(batches)


def test_without_a_number_there_is_one_bucket() -> None:
    batches = bucket(*(copy(letter, "x", 1, "f", line) for line, letter in enumerate("abcd")))
    assert [batch.column("bucket").to_pylist() for batch in batches] == [[0]]
    rows = pa.Table.from_pylist([copy("a", "x", 1, "f", 1)], COPY).to_batches()
    assert places(Buckets().of_rows([*rows, rows[0].slice(0, 0)])) == [("f", 1)]


def numbers(*values: int) -> Any:
    return np.array(values, np.uint64)


def test_keys_are_in_the_bucket_of_their_copies() -> None:
    buckets = Buckets(3)
    copies = [copy(chr(97 + number), "x", 1, "f", number) for number in range(9)]
    by_copies = {
        row["event_key"][:8]: batch.column("bucket")[0].as_py()
        for batch in bucket(*copies, buckets=buckets)
        for row in copies_of([batch])
    }
    keys = buckets.of_keys(digests(pa.array([row["event_key"] for row in copies]))[:, 0], is_new=False).to_pylist()
    assert {row["keys"][at : at + 8]: row["bucket"] for row in keys for at in range(0, len(row["keys"]), 8)} == by_copies
    assert len(by_copies) == 9
    assert {row["is_new"] for row in keys} == {False}
    assert len(buckets.of_keys(numbers(), is_new=True)) == 0


def test_keys_of_new_copies_are_repeated_by_new_and_by_known_ones() -> None:
    def repeated(new: list[int], known: list[int]) -> list[int]:
        of_line_batches = [pa.RecordBatch.from_pydict({"keys": [numbers(*new[:2]).tobytes(), numbers(*new[2:]).tobytes()]})]
        batches = [*Buckets().of_new_keys(of_line_batches), Buckets().of_keys(numbers(*known), is_new=False)]
        [found] = repeated_keys(batches)
        assert found.schema == KEYS
        return [int(key) for value in found.column("keys") for key in np.frombuffer(value.as_py(), np.uint64)]

    assert repeated([5, 7, 1, 5, 9], [9, 1, 8, 8, 1]) == [1, 5, 9]
    assert repeated([5, 7], [8, 8]) == []
    assert repeated([], [8, 8]) == []
    assert repeated([6], []) == []
    assert [batch.to_pylist() for batch in repeated_keys([])] == [[{"keys": b""}]]


def test_of_wanted_events_all_candidates_are_judged_of_others_what_is_judged_alone() -> None:
    copies = [
        *(copy(letter, "x", 1, "f", line) for line, letter in enumerate("abcb", 1)),
        copy("d", "x", 1, "f", 5, event_type=ERASURE_REQUEST),
        copy("e", "x", 1, "f", 6, fate="duplicate"),
    ]
    there = [
        pa.RecordBatch.from_pydict({"copies": [serialized(slim(pa.Table.from_pylist(part, COPY))) for part in (copies, [])]})
    ]
    assert places(Candidates(Buckets(4)).copies(there)) == [("f", line) for line in range(1, 7)]
    wanted = digests(pa.array([b"b" * 16]))[:, 0]
    assert places(Candidates(Buckets(4), wanted).copies(there)) == [("f", 2), ("f", 4), ("f", 5), ("f", 6)]
    assert places(Candidates(Buckets(), wanted[:0]).copies(there)) == [("f", 5), ("f", 6)]


def test_an_accepted_copy_that_is_alone_is_decided() -> None:
    batches = [
        *bucket(copy("a", "x", 1, "f", 1), copy("b", "x", 1, "f", 2), copy("c", "x", 1, "f", 3), copy("f", "x", 1, "f", 7)),
        *bucket(copy("d", "x", 1, "f", 4, event_type=ERASURE_REQUEST), copy("e", "x", 1, "f", 5, fate="duplicate")),
        *bucket(copy("b", "y", 2, "g", 6)),
    ]
    [left] = Judge().undecided(batches)
    assert left.schema == BUCKET
    assert places([left]) == [("f", 2), ("f", 4), ("f", 5), ("g", 6)]
    assert copies_of(Judge().undecided([])) == []


def test_the_first_copy_by_delivery_file_and_line_is_accepted() -> None:
    found = changes(
        Judge(),
        copy("a", "x", 2, "a", 1),
        copy("a", "x", 1, "b", 9),
        copy("a", "y", 1, "b", 10),
        copy("a", "x", 1, "c", 1),
        copy("b", "x", 1, "b", 2),
    )
    assert found == {0: {("a", 1): DUPLICATE, ("b", 10): CONFLICT, ("c", 1): DUPLICATE}}


def test_events_and_contents_that_share_a_half_are_different() -> None:
    assert changes(Judge(), copy("ab", "x", 1, "f", 1), copy("ac", "x", 1, "f", 2), copy("cb", "x", 1, "f", 3)) == {}
    found = changes(Judge(), copy("a", "xy", 1, "f", 1), copy("a", "xz", 1, "f", 2), copy("a", "zy", 1, "f", 3))
    assert found == {0: {("f", 2): CONFLICT, ("f", 3): CONFLICT}}


def test_each_line_batch_gets_its_own_changes_and_the_table_its_rows() -> None:
    winners = [copy(letter, "x", 1, "a", line) for line, letter in enumerate("pqrst", 1)]
    line_batches = {"p": 1, "q": 2, "r": 2, "s": 3}
    losers = [copy(letter, "x", 2, "b", line, batch=batch) for line, (letter, batch) in enumerate(line_batches.items(), 1)]
    known = copy("t", "y", 3, "old", 7, batch=None)
    assert changes(Judge(), *losers, known, *winners) == {
        1: {("b", 1): DUPLICATE},
        2: {("b", 2): DUPLICATE, ("b", 3): DUPLICATE},
        3: {("b", 4): DUPLICATE},
        None: {("old", 7): CONFLICT},
    }
    of_table = [batch for batch in Judge().changes(bucket(known, *winners)) if batch.column("batch")[0].as_py() is None]
    [row] = [row for batch in changed_rows(of_table) for row in batch.to_pylist()]
    assert list(row) == JUDGED.names
    assert (row["event_key"], row["fate"], row["new_fate"]) == (b"t" * 16, "accepted", "quarantined")


def test_lines_of_the_forgotten_and_of_broken_files_take_no_part() -> None:
    copies = [copy("a", "x", 1, "a", 1, persons=["u0", "u1"]), copy("a", "y", 1, "broken", 2), copy("a", "z", 1, "c", 3)]
    copies[1]["persons"] = copies[2]["persons"] = ["u2"]
    assert changes(Judge(), *copies) == {0: {("broken", 2): CONFLICT, ("c", 3): CONFLICT}}
    assert changes(Judge(people=["u1"]), *copies) == {0: {("c", 3): CONFLICT}}
    assert changes(Judge(unreadable=["broken"]), *copies) == {0: {("c", 3): CONFLICT}}
    assert changes(Judge(people=["u1"], unreadable=["broken"]), *copies) == {}


def test_what_the_table_holds_and_requests_take_part_whomever_they_name() -> None:
    known, new = copy("a", "x", 1, "a", 1, batch=None), copy("a", "x", 2, "b", 1, persons=["u2"])
    assert changes(Judge(people=["u1"]), known, new) == {0: {("b", 1): DUPLICATE}}
    requests = [copy("r", "x", day, "r", day, event_type=ERASURE_REQUEST) for day in (1, 2)]
    assert changes(Judge(people=["u1"]), *requests) == {0: {("r", 2): DUPLICATE}}


def test_who_asks_in_an_accepted_request_is_forgotten() -> None:
    copies = [
        copy("a", "x", 1, "f", 1, event_type=ERASURE_REQUEST, persons=["u1", "u9"]),
        copy("a", "y", 1, "f", 2, event_type=ERASURE_REQUEST, persons=["u2"]),  # says something else: not accepted
        copy("b", "x", 1, "f", 3, persons=["u3"]),
        copy("c", "x", 1, "broken", 4, event_type=ERASURE_REQUEST, persons=["u4"]),
    ]
    batches = Judge(unreadable=["broken"]).asked(bucket(*copies))
    assert [row for batch in batches for row in batch.to_pylist()] == [{"user_id": "u1"}]


@pytest.mark.parametrize(
    ("withdrawn_by", "expected"),
    [
        (Withdrawal.EVENT, {("a", 2): "withdrawn", ("b", 3): "withdrawn"}),
        (Withdrawal.FILE, {("a", 2): "withdrawn"}),
    ],
)
def test_what_says_the_same_as_a_withdrawn_line_goes_with_it(withdrawn_by: str, expected: dict[Any, str]) -> None:
    gone = copy("e", "x", 1, "a", 1, fate="withdrawn", reason="wrong", withdrawn_by=str(withdrawn_by), batch=None)
    same, elsewhere = copy("e", "x", 1, "a", 2), copy("e", "x", 1, "b", 3)
    other = copy("e", "y", 1, "c", 4, fate="quarantined", reason="conflicting_duplicate")
    found = changes(Judge(), gone, same, elsewhere, other)[0]
    accepted = {("c", 4): ("accepted", None)} if withdrawn_by is Withdrawal.EVENT else {}
    assert found == {place: (fate, "wrong") for place, fate in expected.items()} | accepted
