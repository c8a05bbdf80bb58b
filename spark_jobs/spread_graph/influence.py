"""PageRank on the open graph of one merchant."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from spark_jobs.spread_graph.arrays import Floats, Ints
from spark_jobs.spread_graph.graph import MerchantGraph

RESET, DAMPING = 0.15, 0.85
TOLERANCE = 1e-10  # of the sum of changes; what is left is at most 0.85/0.15 times that
MOST_STEPS = 200  # 0.85^200 is 8e-15


def influence(graph: MerchantGraph) -> Floats:
    """PageRank r = 0.15 + 0.85 · Σ r/out-degree over the openers, scaled to sum to 1; who opens nothing passes nothing on.

    Each different share that somebody opened is an edge of its own, so a pair counts as often as its weight.
    """
    size = graph.vertices
    out_degree = np.bincount(graph.opener, weights=graph.weight, minlength=size)
    flow = sparse.csr_array(
        (DAMPING * graph.weight / out_degree[graph.opener], (graph.sharer, graph.opener)), shape=(size, size)
    )
    rank = np.full(size, RESET)
    for _ in range(MOST_STEPS):
        following = RESET + flow @ rank
        change = np.abs(following - rank).sum()
        rank = following
        if change <= TOLERANCE:
            break
    return rank / rank.sum()


def ranks(values: Floats) -> Ints:
    """Places from 1 by falling value, rounded to 9 digits; among equals the smaller vertex comes first."""
    place = np.empty(len(values), np.int64)
    place[np.argsort(-np.round(values, 9), kind="stable")] = np.arange(1, len(values) + 1)
    return place
