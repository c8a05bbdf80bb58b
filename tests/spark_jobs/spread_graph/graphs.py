"""Small graphs as the kernels take them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np

from spark_jobs.spread_graph.arrays import Ints
from spark_jobs.spread_graph.graph import MerchantGraph

Edges = list[tuple[int, int]]


def directed(size: int, edges: Edges) -> MerchantGraph:
    """A merchant's graph of edges opener -> sharer; a pair that comes several times has that weight."""
    weights = Counter(edges)
    openers, sharers = np.array(sorted(weights), np.int64).reshape(-1, 2).T
    return MerchantGraph(slice(0, size), openers, sharers, np.array([weights[edge] for edge in sorted(weights)], np.int64))


def undirected(edges: Edges) -> tuple[Ints, Ints]:
    """The undirected edges, each once, rising."""
    pairs = sorted({(min(edge), max(edge)) for edge in edges})
    low, high = np.array(pairs, np.int64).reshape(-1, 2).T
    return low, high


def random_edges(size: int, chance: float, seed: int) -> Edges:
    dice = random.Random(seed)
    return [(a, b) for a in range(size) for b in range(size) if a != b and dice.random() < chance]


def star(leaves: int) -> Edges:
    """Everybody opens a share of 0."""
    return [(leaf, 0) for leaf in range(1, leaves + 1)]


def read_adjacency(path: Path) -> dict[int, list[int]]:
    """A validation graph of LDBC Graphalytics: a vertex a line, then those that it points to."""
    lines = [[int(word) for word in line.split()] for line in path.read_text().splitlines()]
    return {vertex: targets for vertex, *targets in lines}


def read_values(path: Path) -> dict[int, float]:
    return {int(vertex): float(value) for vertex, value in (line.split() for line in path.read_text().splitlines())}
