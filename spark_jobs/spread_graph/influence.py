"""PageRank on opener graphs."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from spark_jobs.spread_graph.arrays import Floats, Ints

RESET, DAMPING = 0.15, 0.85
STEPS = 150  # the error is below 0.85^150 = 3e-11; fixed, so that no graph depends on its neighbours


def page_rank(size: int, opener: Ints, sharer: Ints, weight: Ints) -> Floats:
    """PageRank r = 0.15 + 0.85 · Σ r/out-degree over the openers; a vertex that opens nothing passes nothing on.

    Each different share that somebody opened is an edge of its own, so a pair counts as often as its weight.

    Args:
        size: number of vertices, of any number of graphs.
        opener, sharer, weight: the edges, each pair once.
    """
    out_degree = np.bincount(opener, weights=weight, minlength=size)
    flow = sparse.csr_array((DAMPING * weight / out_degree[opener], (sharer, opener)), shape=(size, size))
    rank = np.full(size, RESET)
    for _ in range(STEPS):
        rank = RESET + flow @ rank
    return rank


def scaled(rank: Floats, group: Ints) -> Floats:
    """Influence: ranks that sum to 1 within each group; groups rise."""
    if not len(rank):
        return rank
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    influence: Floats = rank / np.repeat(np.add.reduceat(rank, starts), np.diff(starts, append=len(rank)))
    return influence


def ranks(values: Floats, group: Ints) -> Ints:
    """Places from 1 within each group by falling value, rounded to 9 digits; among equals the smaller vertex comes first."""
    order = np.lexsort((-np.round(values, 9), group))
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    place = np.empty(len(values), np.int64)
    place[order] = np.arange(1, len(values) + 1) - np.repeat(starts, np.diff(starts, append=len(values)))
    return place
