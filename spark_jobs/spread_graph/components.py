"""Connected components."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from spark_jobs.spread_graph.arrays import Ints


def connected(size: int, low: Ints, high: Ints) -> Ints:
    """The connected component of each vertex, named by its smallest member."""
    edges = sparse.csr_array((np.ones(len(low)), (low, high)), shape=(size, size))
    number, component = csgraph.connected_components(edges, directed=False)
    smallest = np.full(number, size)
    np.minimum.at(smallest, component, np.arange(size))
    named: Ints = smallest[component]
    return named
