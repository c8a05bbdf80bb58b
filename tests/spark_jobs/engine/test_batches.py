"""Batches cut between groups, wherever the batches themselves were cut."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pyarrow as pa
import pytest

from spark_jobs.engine.batches import whole_groups


def batches(keys: list[str], cuts: list[int]) -> list[pa.RecordBatch]:
    rows = pa.record_batch({"key": pa.array(keys, pa.string()), "number": list(range(len(keys)))})
    return [rows.slice(begin, end - begin) for begin, end in zip([0, *cuts], [*cuts, len(keys)], strict=True)]


@pytest.mark.parametrize(
    ("keys", "cuts", "parts"),
    [
        pytest.param("aabbc", [], ["aabb", "c"], id="the last group may go on"),
        pytest.param("aabbc", [3], ["aa", "bb", "c"], id="a cut in a group"),
        pytest.param("aabb", [2], ["aa", "bb"], id="a cut between groups"),
        pytest.param("aaaa", [1, 1, 3], ["aaaa"], id="a group of several batches, one of them empty"),
        pytest.param("abbb", [1, 2, 3], ["a", "bbb"], id="each row a batch"),
        pytest.param("", [], [], id="nothing"),
    ],
)
def test_where_groups_are_cut(keys: str, cuts: list[int], parts: list[str]) -> None:
    assert ["".join(part["key"].to_pylist()) for part in whole_groups(batches([*keys], cuts), "key", 9)] == parts


@pytest.mark.parametrize(("most", "parts"), [(1, ["a", "bb", "c", "d", "e"]), (2, ["abb", "cd", "e"]), (4, ["abbcd", "e"])])
def test_no_more_groups_than_may_be(most: int, parts: list[str]) -> None:
    assert ["".join(part["key"].to_pylist()) for part in whole_groups(batches([*"abbcde"], []), "key", most)] == parts


@pytest.mark.parametrize("seed", range(20))
def test_every_row_comes_once_in_its_order_with_its_whole_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys = [f"k{number:03d}" for number in np.sort(rng.integers(0, rng.choice([2, 30]), 200))]
    cuts = np.sort(rng.integers(0, 200, rng.integers(0, 30))).tolist()
    parts = [*whole_groups(batches(keys, cuts), "key", 7)]
    assert [number for part in parts for number in part["number"].to_pylist()] == [*range(200)]
    assert all(1 <= len(set(part["key"].to_pylist())) <= 7 for part in parts)
    groups = [key for part in parts for key, _ in groupby(part["key"].to_pylist())]
    assert len(groups) == len(set(groups))
