"""Small draws and selections that all themes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from simulator.calendar import Bools, Floats, Ints

T = TypeVar("T")


def pick(rng: np.random.Generator, values: Sequence[T], count: int, shares: Sequence[float] | None = None) -> list[T]:
    """`count` random values, drawn with probabilities in proportion to `shares`, or with equal ones."""
    return [values[k] for k in rng.choice(len(values), count, p=shares).tolist()]


def only(values: Sequence[T], kept: Bools) -> list[T | None]:
    """The values where they are kept, None elsewhere."""
    return [value if keep else None for value, keep in zip(values, kept.tolist(), strict=True)]


def spans(start: Ints, size: Ints) -> tuple[Ints, Ints]:
    """The indices of runs of `size` from `start`, one run after another: the run of each index, and the index."""
    which = np.repeat(np.arange(len(size)), size)
    return which, np.arange(len(which)) + np.repeat(start - (np.cumsum(size) - size), size)


def whole(rng: np.random.Generator, expected: float) -> int:
    """A random whole number with this mean: the whole number just below or just above it."""
    return int(expected + rng.random())


def draw_rows(rng: np.random.Generator, weight: Floats, count: int) -> Ints:
    """Random rows, drawn with replacement, in proportion to their weight."""
    reach = np.cumsum(weight)
    if not len(reach) or reach[-1] <= 0:
        return np.empty(0, np.int64)
    rows: Ints = np.searchsorted(reach, rng.random(count) * reach[-1], side="right")
    return np.minimum(rows, len(weight) - 1)
