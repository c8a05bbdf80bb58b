"""Trees as arrays: chains, stars, cycles, and what is summed over them."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from spark_jobs.spread_graph.arrays import Ints
from spark_jobs.spread_graph.forest import Forest, forest


def trees(parents: list[int]) -> Forest:
    return forest(np.array(parents, np.int64))


def test_depths_roots_and_subtrees() -> None:
    # 0 ── 1 ── 3     4 ── 5
    #   └─ 2
    found = trees([-1, 0, 0, 1, -1, 4])
    assert found.depth.tolist() == [0, 1, 1, 2, 0, 1]
    assert found.root.tolist() == [0, 0, 0, 0, 4, 4]
    assert [layer.tolist() for layer in found.layers()] == [[0, 4], [1, 2, 5], [3]]
    assert found.subtree_sums(np.array([1, 10, 100, 1000, 5, 50])).tolist() == [1111, 1010, 100, 1000, 55, 50]
    assert not found.was_cut.any()


def test_a_cycle_is_cut_at_its_smallest_node() -> None:
    # 3 -> 1 -> 2 -> 3 is a cycle, 0 hangs below 3, and 4 <-> 5 is another.
    found = trees([3, 2, 3, 1, 5, 4])
    assert found.was_cut.tolist() == [False, True, False, False, True, False]
    assert found.parent.tolist() == [3, -1, 3, 1, -1, 4]
    assert found.depth.tolist() == [2, 0, 2, 1, 0, 1]
    assert found.root.tolist() == [1, 1, 1, 1, 4, 4]


def test_nearest_other_label_and_topmost() -> None:
    # a chain 0-1-2-3-4 of the labels a a b a b
    found, label = trees([-1, 0, 1, 2, 3]), np.array([0, 0, 1, 0, 1])
    assert found.nearest_other(label).tolist() == [-1, -1, 1, 2, 3]
    assert sorted(found.topmost(label, label >= 0).tolist()) == [0, 2]
    assert sorted(found.topmost(label, np.arange(5) < 2).tolist()) == [0]


@pytest.mark.parametrize("seed", range(20))
def test_against_walks_on_random_parents(seed: int) -> None:
    dice = random.Random(seed)
    parents = [dice.choice([-1, dice.randrange(30)]) for _ in range(30)]
    found, label = trees(parents), np.array([dice.randrange(4) for _ in parents])

    def path(node: int) -> list[int]:
        way = [node]
        while found.parent[way[-1]] >= 0:
            way.append(int(found.parent[way[-1]]))
        return way

    above = [path(node) for node in range(30)]
    assert found.depth.tolist() == [len(way) - 1 for way in above]
    assert found.root.tolist() == [way[-1] for way in above]
    values = np.array([dice.randrange(9) for _ in parents])
    assert found.subtree_sums(values).tolist() == [sum(values[n] for n in range(30) if v in above[n]) for v in range(30)]
    others = [next((a for a in way if label[a] != label[way[0]]), -1) for way in above]
    assert found.nearest_other(label).tolist() == others
    among = {a for way in above if dice.random() < 0.3 for a in way}
    for nodes in ({*range(30)}, among):
        top = [way[0] for way in above if way[0] in nodes and all(label[a] != label[way[0]] for a in way[1:])]
        assert sorted(found.topmost(label, np.isin(np.arange(30), [*nodes])).tolist()) == top


def test_without_nodes() -> None:
    found = trees([])
    assert list(found.layers()) == []
    assert len(found.subtree_sums(found.depth)) == len(found.topmost(found.depth, found.was_cut)) == 0


@pytest.mark.parametrize(("shape", "depth"), [("chain", 99_999), ("star", 1)])
def test_chains_and_stars_of_a_hundred_thousand(shape: str, depth: int) -> None:
    size = 100_000
    parents: Ints = np.arange(-1, size - 1) if shape == "chain" else np.concatenate([[-1], np.zeros(size - 1, np.int64)])
    begin = time.process_time()
    found = forest(parents)
    sizes = found.sizes
    assert time.process_time() - begin < 20  # a quadratic way takes hours
    assert found.depth.max() == depth
    assert sizes[0] == size
    assert sizes[-1] == 1
