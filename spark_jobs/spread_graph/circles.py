"""Circles: the partition of an open graph by the Leiden algorithm under the constant Potts model, and how good it is.

Traag, Waltman, van Eck 2019, "From Louvain to Leiden"; γ = 0.05: groups denser inside than one pair in twenty.
"""

from __future__ import annotations

import graspologic_native
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from spark_jobs.spread_graph.arrays import Ints, counts

GAMMA = 0.05
SEED = 20260101
ITERATIONS = 10
TRIALS = 5
MANY_EDGES = 200_000  # from here on one trial: the quality of large graphs hardly varies


def circles(size: int, low: Ints, high: Ints) -> Ints:
    """The circle of each vertex, named by its smallest member; the same for the same graph.

    Args:
        size: number of vertices.
        low, high: the undirected edges, each once, rising.
    """
    linked = np.unique(np.concatenate([low, high]))
    if not len(linked):
        return np.arange(size)
    place = np.zeros(size, np.int64)
    place[linked] = np.arange(len(linked))
    ends = np.concatenate([place[low], place[high]]), np.concatenate([place[high], place[low]])
    graph = sparse.csr_array((np.ones(len(ends[0])), ends), shape=(len(linked), len(linked)))
    _, community_of = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        len(linked),
        resolution=GAMMA,
        iterations=ITERATIONS,
        use_modularity=False,
        seed=SEED,
        trials=TRIALS if len(low) < MANY_EDGES else 1,
    )
    community = np.fromiter((community_of[vertex] for vertex in range(len(linked))), np.int64, len(linked))
    inside = community[place[low]] == community[place[high]]
    return connected(size, low[inside], high[inside])


def connected(size: int, low: Ints, high: Ints) -> Ints:
    """The connected component of each vertex, named by its smallest member."""
    edges = sparse.csr_array((np.ones(len(low), np.int8), (low, high)), shape=(size, size))
    number, component = csgraph.connected_components(edges, directed=False)
    smallest = np.full(number, size)
    np.minimum.at(smallest, component, np.arange(size))
    named: Ints = smallest[component]
    return named


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
    """Agreement of two partitions of the same people (Hubert, Arabie 1985); 1 for equal ones, none for nobody."""
    if not len(first):
        return None
    together = np.unique(np.stack([first, second], axis=1), axis=0, return_counts=True)[1]
    pairs, of_first, of_second = (
        int((many * (many - 1) // 2).sum())
        for many in (together, np.unique(first, return_counts=True)[1], np.unique(second, return_counts=True)[1])
    )
    expected = of_first * of_second / max(len(first) * (len(first) - 1) // 2, 1)
    most = (of_first + of_second) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)
