"""Circles: the partition of an open graph by the Leiden algorithm under the constant Potts model, and how good it is.

Traag, Waltman, van Eck 2019, "From Louvain to Leiden"; γ = 0.05: groups denser inside than one pair in twenty.
"""

from __future__ import annotations

import graspologic_native
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from spark_jobs.spread_graph.arrays import Floats, Ints, changes, counts

GAMMA = 0.05
SEED = 20260101
ITERATIONS = 3
FEW_EDGES = 4_000  # small graphs vary from trial to trial: they get as many trials as make up this many edges ...
MOST_TRIALS = 10  # ... and this many at most
LEAST_GAIN = 1e-9  # less is rounding


def circles(size: int, low: Ints, high: Ints) -> Ints:
    """The circle of each vertex, named by its smallest member; the same for the same graph.

    Args:
        size: number of vertices.
        low, high: the undirected edges, each once, rising.
    """
    linked, ends = np.unique(np.concatenate([low, high]), return_inverse=True)
    if not len(linked):
        return np.arange(size)
    graph = sparse.csr_array((np.ones(len(ends)), (ends, np.roll(ends, len(low)))), shape=(len(linked), len(linked)))
    _, community_of = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        len(linked),
        resolution=GAMMA,
        iterations=ITERATIONS,
        use_modularity=False,
        seed=SEED,
        trials=min(MOST_TRIALS, 1 + FEW_EDGES // len(low)),
    )
    community = np.zeros(size, np.int64)
    community[linked] = [community_of[place] for place in range(len(linked))]
    inside = community[low] == community[high]
    return merged(connected(size, low[inside], high[inside]), low, high)


def connected(size: int, low: Ints, high: Ints) -> Ints:
    """The connected component of each vertex, named by its smallest member."""
    edges = sparse.csr_array((np.ones(len(low), np.int8), (low, high)), shape=(size, size))
    number, component = csgraph.connected_components(edges, directed=False)
    smallest = np.full(number, size)
    np.minimum.at(smallest, component, np.arange(size))
    named: Ints = smallest[component]
    return named


def merged(circle: Ints, low: Ints, high: Ints) -> Ints:
    """Merge circles that are better as one, until none are: what Leiden promises, and a single run may leave undone.

    Each round merges the pairs of circles that are the best partner of each other; both have an edge between them, so what
    comes out is connected and again named by its smallest member.
    """
    size = len(circle)
    while True:
        one, two, gain = _gains(circle, low, high)
        if not len(gain):
            return circle
        ends, partners = np.concatenate([one, two]), np.concatenate([two, one])
        order = np.lexsort((partners, -np.concatenate([gain, gain]), ends))
        first = order[changes(ends[order])]
        best = np.full(size, -1)
        best[ends[first]] = partners[first]
        mutual = ends[first][best[partners[first]] == ends[first]]
        into = np.arange(size)
        into[mutual] = np.minimum(mutual, best[mutual])
        circle = into[circle]


def _gains(circle: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints, Floats]:
    """Pairs of circles whose union has the better quality, and by how much: edges between them less γ times their pairs."""
    size = len(circle)
    members = counts(circle, size)
    ends = np.minimum(circle[low], circle[high]), np.maximum(circle[low], circle[high])
    between = ends[0] != ends[1]
    pairs, edges = np.unique(ends[0][between] * size + ends[1][between], return_counts=True)
    gain = edges - GAMMA * members[pairs // size] * members[pairs % size]
    better = gain > LEAST_GAIN
    return pairs[better] // size, pairs[better] % size, gain[better]


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
    both = first * (second.max() + 1) + second
    members = (np.unique(parts, return_counts=True)[1] for parts in (both, first, second))
    pairs, of_first, of_second = (int((many * (many - 1) // 2).sum()) for many in members)
    expected = of_first * of_second / max(len(first) * (len(first) - 1) // 2, 1)
    most = (of_first + of_second) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)
