"""Columns of strings as numbers, and back: what the array kernels work on."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_CENTS_LIMIT = 10**18  # of DECIMAL(18,2)


def ranked(*columns: pa.ChunkedArray) -> tuple[list[Ints], pa.Array]:
    """Number the strings of some columns in their common order, by code point.

    Returns:
        For each column the number of each value, -1 for null, and the strings by number.
    """
    chunks = [chunk for column in columns for chunk in column.chunks]
    # In one chunk if possible: merging several dictionaries costs as much as making them.
    whole = pa.table({"strings": pa.chunked_array(chunks, type=pa.string())}).combine_chunks()["strings"]
    encoded = whole.dictionary_encode().unify_dictionaries()
    strings = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
    order = pc.sort_indices(strings).to_numpy()
    rank = np.full(len(order) + 1, -1, np.int64)  # the last place is that of null, -1
    rank[order] = np.arange(len(order))
    places = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    numbers = rank[np.concatenate(places)] if places else np.empty(0, np.int64)
    ends = np.cumsum([len(column) for column in columns])
    return np.split(numbers, ends[:-1]), strings.take(pa.array(order))


def changes(values: Ints) -> Bools:
    """Where a run of equal values begins."""
    begins = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return begins


def distinct(values: Ints) -> Ints:
    """The different values, rising; much faster than `np.unique`, which hashes."""
    rising = np.sort(values)
    return rising[changes(rising)]


def find(keys: Ints, wanted: Ints) -> Ints:
    """Places of the wanted keys among rising, distinct keys; -1 where there is none."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    places = np.searchsorted(keys, wanted)
    places[places == len(keys)] = 0
    return np.where(keys[places] == wanted, places, -1)


def sums(places: Ints, values: Ints, size: int) -> Ints:
    """Sum of the values at each place, exact."""
    total = np.zeros(size, values.dtype)
    np.add.at(total, places, values)
    return total


def counts(places: Ints, size: int) -> Ints:
    """How many values fall on each place."""
    return np.bincount(places, minlength=size)


def ratio(numerator: Ints | Floats, denominator: Ints | Floats) -> Floats:
    """Quotients; not a number where the denominator is zero."""
    quotients = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotients, where=denominator != 0)
    return quotients


def medians(group: Ints, values: Ints, size: int) -> Floats:
    """Median of the values of each group; every group has at least one."""
    order = np.lexsort((values, group))
    members = counts(group, size)
    start = np.cumsum(members) - members
    ranked_values = values[order]
    middle: Floats = (ranked_values[start + (members - 1) // 2] + ranked_values[start + members // 2]) / 2
    return middle


def take(strings: pa.Array, places: Ints) -> pa.Array:
    """The strings at these places; null for -1."""
    return strings.take(pa.array(places, mask=places < 0))


def summable(cents: Ints, times: Ints | int = 1) -> Ints:
    """The same numbers, as Python's own where sums of them could leave 64 bits: numpy's wrap around silently.

    Args:
        times: how often each is summed.
    """
    most = float((np.abs(cents.astype(np.float64)) * times).sum())
    return cents if most < 2.0**62 else cast(Ints, cents.astype(object))


def money(cents: Ints) -> pa.Array:
    """Cents as DECIMAL(18,2), 128-bit integers with the low word first; null where they have more digits."""
    fits = np.abs(cents) < _CENTS_LIMIT
    low = np.where(fits, cents, 0).astype(np.int64)
    words = np.stack([low, low >> 63], axis=1)
    amounts = pa.Array.from_buffers(pa.decimal128(18, 2), len(low), [None, pa.py_buffer(np.ascontiguousarray(words))])
    return amounts if fits.all() else pc.if_else(pa.array(fits.astype(np.bool_)), amounts, None)


def amount(cents: int) -> Decimal | None:
    """Cents as one such amount."""
    return Decimal(cents).scaleb(-2) if abs(cents) < _CENTS_LIMIT else None


def instants(micros: Ints) -> pa.Array:
    """Microseconds of the epoch as timestamps in UTC."""
    return pa.array(micros, pa.timestamp("us", tz="UTC"))


def nullable(values: Floats) -> pa.Array:
    """Doubles with null for not a number."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))
