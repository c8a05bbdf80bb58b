"""Strings as numbers and back, and money, at their edges."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from spark_jobs.spread_graph.arrays import changes, distinct, find, medians, money, ranked, ratio


def strings(*chunks: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array(list(chunks), pa.string())


def test_strings_are_numbered_by_code_point_over_all_columns() -> None:
    (one, other), names = ranked(strings(["b", None], ["é"]), strings(["a"], ["b", "B"]))
    assert names.to_pylist() == ["B", "a", "b", "é"]
    assert (one.tolist(), other.tolist()) == ([2, -1, 3], [1, 2, 0])


@pytest.mark.parametrize("empty", [strings(), strings([]), strings([], [])], ids=["no chunk", "a chunk", "two chunks"])
def test_columns_without_rows_have_no_numbers(empty: pa.ChunkedArray) -> None:
    (one, other), names = ranked(empty, empty)
    assert (len(one), len(other), len(names)) == (0, 0, 0)


def test_small_kernels_by_hand() -> None:
    nothing = np.empty(0, np.int64)
    assert changes(np.array([3, 3, 5, 3])).tolist() == [True, False, True, True]
    assert distinct(np.array([5, 3, 5, 1])).tolist() == [1, 3, 5]
    assert find(np.array([2, 4]), np.array([1, 2, 3, 4, 5])).tolist() == [-1, 0, -1, 1, -1]
    assert find(nothing, np.array([0, 1])).tolist() == [-1, -1]
    assert medians(np.array([1, 0, 1, 1, 0]), np.array([9, 4, 1, 2, 7]), 2).tolist() == [5.5, 2.0]
    with np.errstate(all="raise"):
        assert ratio(np.array([1, 0]), np.array([4, 0])).tolist() == pytest.approx([0.25, np.nan], nan_ok=True)


@pytest.mark.parametrize("cents", [0, 1, -1, 12_34, -12_34, 2**53 + 1, -(2**53) - 1, 10**18 - 1, 1 - 10**18])
def test_cents_are_exact_money(cents: int) -> None:
    found = money(np.array([cents, 7]))
    assert found.type == pa.decimal128(18, 2)
    assert found.to_pylist() == [Decimal(cents).scaleb(-2), Decimal("0.07")]


def test_money_of_nineteen_digits_does_not_fit() -> None:
    assert money(np.array([10**18 - 1, 1 - 10**18])).to_pylist() == [
        Decimal("9999999999999999.99"),
        Decimal("-9999999999999999.99"),
    ]
    assert money(np.array([10**18, -(10**18)])).to_pylist() == [None, None]
