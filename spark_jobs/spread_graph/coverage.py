"""Which sharers to look after first: greedy maximum coverage of a merchant's openers."""

from __future__ import annotations

import heapq

import numpy as np

from spark_jobs.spread_graph.arrays import Ints
from spark_jobs.spread_graph.graph import MerchantGraph

ENOUGH = (95, 100)  # of the openers
MOST_PEOPLE = 200


def key_spreaders(graph: MerchantGraph) -> tuple[Ints, Ints]:
    """The sharers who together reach 95 % of the openers, at most 200, each with the most openers not reached by those before.

    Nemhauser, Wolsey, Fisher 1978; lazily after Leskovec et al. 2007 (CELF): what a sharer adds only shrinks, so a count
    that is still the largest after a recount is the largest of all. Ties go to the smaller vertex.

    Returns:
        The vertices by rank, and how many openers each adds.
    """
    order = np.lexsort((graph.opener, graph.sharer))
    openers = graph.opener[order]
    ends = np.searchsorted(graph.sharer[order], np.arange(graph.vertices + 1))
    reach = np.diff(ends)
    is_open = np.zeros(graph.vertices, np.bool_)
    is_open[openers] = True
    total = left = int(is_open.sum())
    queue = [(-int(reach[vertex]), int(vertex)) for vertex in np.flatnonzero(reach)]
    heapq.heapify(queue)
    chosen: list[tuple[int, int]] = []
    while queue and len(chosen) < MOST_PEOPLE and (total - left) * ENOUGH[1] < total * ENOUGH[0]:
        _, vertex = queue[0]
        own = openers[ends[vertex] : ends[vertex + 1]]
        adds = int(is_open[own].sum())
        heapq.heapreplace(queue, (-adds, vertex))
        if queue[0] == (-adds, vertex):
            heapq.heappop(queue)
            is_open[own] = False
            left -= adds
            chosen.append((vertex, adds))
    people = np.array(chosen, np.int64).reshape(-1, 2)
    return people[:, 0], people[:, 1]
