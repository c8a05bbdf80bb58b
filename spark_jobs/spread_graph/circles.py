"""Circles: the partition of an opener graph by the Leiden algorithm under the constant Potts model, and how good it is.

Traag, Waltman, van Eck 2019, "From Louvain to Leiden"; γ = 0.05: groups denser inside than one pair in twenty.
"""

from __future__ import annotations

from itertools import pairwise

import graspologic_native
import numpy as np
from scipy import sparse

from spark_jobs.spread_graph.arrays import Ints, changes, counts, distinct, find
from spark_jobs.spread_graph.components import connected
from spark_jobs.spread_graph.refine import WORTH, Graphs, refined

GAMMA = 1 / WORTH
SEED = 20260101
MOST_ITERATIONS = 16
LEAST_GAIN = 0.02  # of the quality, for twice as many iterations
EDGES_AT_ONCE = 100_000  # of small merchants, which are refined together


def circles(merchant: Ints, low: Ints, high: Ints) -> Ints:
    """The circle of each vertex, named by its smallest member; it does not depend on the graphs beside its own.

    Args:
        merchant: the merchant of each vertex, rising.
        low, high: the undirected edges, each once, rising.
    """
    begins = np.flatnonzero(changes(merchant))
    edges_before = np.searchsorted(low, begins)
    begins = begins[changes(edges_before // EDGES_AT_ONCE)]
    found = [
        _circles(merchant[begin:end], low[edges] - begin, high[edges] - begin) + begin
        for begin, end in pairwise([*begins.tolist(), len(merchant)])
        for edges in [slice(*np.searchsorted(low, (begin, end)).tolist())]
    ]
    return np.concatenate([*found, np.empty(0, np.int64)])


def _circles(merchant: Ints, low: Ints, high: Ints) -> Ints:
    """The circles of some merchants side by side."""
    community = np.arange(len(merchant))
    owner = merchant[low]
    ends = [*np.flatnonzero(changes(owner)).tolist(), len(low)]
    for begin, end in pairwise(ends):
        linked = distinct(np.concatenate([low[begin:end], high[begin:end]]))
        community[linked] = linked[_leiden(find(linked, low[begin:end]), find(linked, high[begin:end]), len(linked))]
    inside = community[low] == community[high]
    circle = connected(len(merchant), low[inside], high[inside])
    return refined(circle, Graphs(merchant - merchant[0], low, high))


def _leiden(low: Ints, high: Ints, size: int) -> Ints:
    """A community of each vertex; every vertex has an edge. Iterations are doubled as long as that pays."""
    ends = np.concatenate([low, high])
    graph = sparse.csr_array((np.ones(len(ends)), (ends, np.roll(ends, len(low)))), shape=(size, size))
    best, iterations = 0.0, 1
    while True:
        quality, community_of = graspologic_native.leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data,
            size,
            resolution=GAMMA,
            iterations=iterations,
            use_modularity=False,
            seed=SEED,
        )
        if quality < best * (1 + LEAST_GAIN) or iterations == MOST_ITERATIONS:
            return np.array([community_of[place] for place in range(size)])
        best, iterations = quality, 2 * iterations


def cpm_quality(circle: Ints, low: Ints, high: Ints) -> float:
    """Σ over circles of e - γ·n(n-1)/2, e the edges inside, n the members."""
    members = counts(circle, len(circle))
    return float((circle[low] == circle[high]).sum() - GAMMA * (members * (members - 1) // 2).sum())


def modularity(circle: Ints, low: Ints, high: Ints) -> float | None:
    """Newman's modularity of the partition; none without edges."""
    if not len(low):
        return None
    degree = np.bincount(np.concatenate([circle[low], circle[high]]), minlength=len(circle))
    return float((circle[low] == circle[high]).mean() - ((degree / (2 * len(low))) ** 2).sum())


def adjusted_rand(first: Ints, second: Ints) -> float | None:
    """Agreement of two partitions of the same people (Hubert, Arabie 1985); 1 for equal ones, none without people."""
    if not len(first):
        return None
    both = first * (second.max() + 1) + second
    members = (np.unique(parts, return_counts=True)[1] for parts in (both, first, second))
    pairs, of_first, of_second = (int((many * (many - 1) // 2).sum()) for many in members)
    expected = of_first * of_second / max(len(first) * (len(first) - 1) // 2, 1)
    most = (of_first + of_second) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)
