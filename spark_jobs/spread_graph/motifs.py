"""Pairs and triangles of an opener graph."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from spark_jobs.spread_graph.arrays import Ints

MOST_PATHS = 5_000_000  # paths of two edges that are examined at a time


def triangles(size: int, low: Ints, high: Ints) -> int:
    """Triangles of an undirected graph, each once.

    Edges point to the end of higher degree, so no vertex has many of them and a star costs nothing (Chiba, Nishizeki 1985).
    """
    degree = np.bincount(np.concatenate([low, high]), minlength=size)
    is_up = (degree[low] < degree[high]) | ((degree[low] == degree[high]) & (low < high))
    tail, head = np.where(is_up, low, high), np.where(is_up, high, low)
    up = sparse.csr_array((np.ones(len(tail), np.int64), (tail, head)), shape=(size, size))
    paths = np.zeros(size, np.int64)
    np.add.at(paths, tail, np.diff(up.indptr)[head])
    found = 0
    for begin, end in _blocks(paths):
        found += int((up[begin:end] @ up).multiply(up[begin:end]).sum())
    return found


def connected_triples(size: int, low: Ints, high: Ints) -> int:
    """Paths of two edges, Σ d(d-1)/2."""
    degree = np.bincount(np.concatenate([low, high]), minlength=size)
    return int((degree * (degree - 1) // 2).sum())


def reciprocal_pairs(size: int, opener: Ints, sharer: Ints) -> int:
    """Pairs in which each opened a share of the other."""
    return len(np.intersect1d(opener * size + sharer, sharer * size + opener, assume_unique=True)) // 2


def _blocks(paths: Ints) -> list[tuple[int, int]]:
    """Cut the vertices into runs of at most `MOST_PATHS` paths, or one vertex."""
    block = (np.cumsum(paths) - 1) // MOST_PATHS
    ends = np.append(np.flatnonzero(np.diff(block)) + 1, len(paths))
    return list(zip(np.append(0, ends[:-1]).tolist(), ends.tolist(), strict=True))
