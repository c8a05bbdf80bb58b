"""PageRank against closed forms, a dense solution, and the published outputs of LDBC Graphalytics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spark_jobs.spread_graph.arrays import Floats
from spark_jobs.spread_graph.influence import page_rank, ranks, scaled
from tests.spark_jobs.spread_graph.graphs import Edges, directed, random_edges, read_adjacency, read_values, star

VALIDATION = Path("ldbc_graphalytics_validation", "validation-graphs")


def rank(size: int, edges: Edges) -> Floats:
    graph = directed(size, edges)
    return page_rank(size, graph.opener, graph.sharer, graph.weight)


def solution(size: int, edges: Edges) -> Floats:
    """r = 0.15 + 0.85 · M r, solved as a dense system."""
    flow = np.zeros((size, size))
    for opener, sharer in edges:
        flow[sharer, opener] += 1
    flow /= np.maximum(flow.sum(axis=0), 1)
    return np.linalg.solve(np.eye(size) - 0.85 * flow, np.full(size, 0.15))


def test_star_chain_and_complete_graph() -> None:
    assert rank(6, star(5)).tolist() == pytest.approx([0.15 + 0.85 * 5 * 0.15] + [0.15] * 5)
    chain = rank(4, [(0, 1), (1, 2), (2, 3)])
    assert chain.tolist() == pytest.approx([0.15 * sum(0.85**k for k in range(n + 1)) for n in range(4)])
    complete = rank(5, [(a, b) for a in range(5) for b in range(5) if a != b])
    assert complete.tolist() == pytest.approx([1.0] * 5, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_with_repeated_edges(seed: int) -> None:
    edges = random_edges(25, 0.1, seed) + random_edges(25, 0.1, seed + 100)
    assert rank(25, edges) == pytest.approx(solution(25, edges), rel=1e-9)


def test_a_rank_does_not_depend_on_the_graphs_beside_it() -> None:
    edges = random_edges(20, 0.2, 1)
    beside = edges + [(a + 20, b + 20) for a, b in random_edges(20, 0.9, 2)]
    assert rank(40, beside)[:20].tolist() == rank(20, edges).tolist()


def test_scaled_and_ranked_by_group() -> None:
    group = np.array([0, 0, 0, 2, 2])
    values = np.array([1.0, 3.0, 1.0, 5.0, 5.0])
    influence = scaled(values, group)
    assert influence.tolist() == [0.2, 0.6, 0.2, 0.5, 0.5]
    assert ranks(influence, group).tolist() == [2, 1, 3, 1, 2]
    assert ranks(np.array([1.0, 2.0, 1.0]), np.array([1, 1, 4])).tolist() == [2, 1, 1]  # whatever the first group is
    assert ranks(np.array([0.5, 0.5 + 3e-10]), np.array([0, 0])).tolist() == [1, 2]  # equal to 9 digits
    assert ranks(np.array([0.5, 0.5 + 3e-9]), np.array([0, 0])).tolist() == [2, 1]


def graphalytics(edges: dict[int, list[int]], iterations: int) -> dict[int, float]:
    """PageRank by the rules of LDBC Graphalytics: 1/n to begin with, a fixed number of rounds, and what the vertices
    without out-edges hold is spread over all."""
    size = len(edges)
    value = dict.fromkeys(edges, 1 / size)
    for _ in range(iterations):
        lost = sum(value[vertex] for vertex, targets in edges.items() if not targets)
        following = dict.fromkeys(edges, 0.15 / size + 0.85 * lost / size)
        for vertex, targets in edges.items():
            for target in targets:
                following[target] += 0.85 * value[vertex] / len(targets)
        value = following
    return value


@pytest.mark.parametrize(
    ("graph", "iterations"),
    [("example/example-directed", 2), ("example/example-undirected", 2), ("pr/dir", 42), ("pr/undir", 26)],
)
def test_ldbc_graphalytics(shared_data: Path, graph: str, iterations: int) -> None:
    """Their rules stop early and hand lost rank to all, which in the limit changes every rank by one factor."""
    path = str(shared_data / VALIDATION / graph)
    edges = read_adjacency(Path(f"{path}-input"))
    suffix = "-PR" if "example" in graph else "-output"
    assert graphalytics(edges, iterations) == pytest.approx(read_values(Path(path + suffix)), rel=1e-6)

    vertices = sorted(edges)
    limit = graphalytics(edges, 200)
    found = rank(len(vertices), [(vertices.index(a), vertices.index(b)) for a in edges for b in edges[a]])
    assert (found / found.sum()).tolist() == pytest.approx([limit[vertex] for vertex in vertices], rel=1e-9)
