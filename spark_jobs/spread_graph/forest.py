"""Share trees as arrays: every tree of a partition at once, one step a layer, linear in the shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spark_jobs.spread_graph.arrays import Bools, Ints, changes, counts


@dataclass(frozen=True)
class Forest:
    """Rooted trees over the nodes 0..n-1.

    `parent` is -1 for a root; `root` of a root is itself; `order` holds the nodes by depth, the children of one node side by
    side; `layer_ends` are the ends of its layers; `was_cut` marks the roots that were made by cutting a cycle.
    """

    parent: Ints
    root: Ints
    depth: Ints
    order: Ints
    layer_ends: Ints
    was_cut: Bools

    def layers(self) -> Iterator[Ints]:
        """The nodes of depth 0, 1, 2, ..."""
        begin = 0
        for end in self.layer_ends.tolist():
            yield self.order[begin:end]
            begin = end

    @cached_property
    def sizes(self) -> Ints:
        """For each node how many nodes its subtree has, itself among them."""
        return self.subtree_sums(np.ones(len(self.parent), np.int64))

    @cached_property
    def preorder(self) -> Ints:
        """The place of each node if every node is followed by its subtree; the trees lie one after another."""
        enter = np.zeros(len(self.parent), np.int64)
        for layer in self.layers():
            above, size = self.parent[layer], self.sizes[layer]
            before = np.cumsum(size) - size
            if (above >= 0).all():
                family = changes(above)
                before = before - before[family][np.cumsum(family) - 1] + enter[above] + 1
            enter[layer] = before
        return enter

    def subtree_sums(self, values: Ints) -> Ints:
        """For each node the sum over itself and all below it."""
        total = values.copy()
        ends = self.layer_ends.tolist()
        for begin, end in zip(ends[-2::-1], ends[:0:-1], strict=True):
            layer = self.order[begin:end]
            np.add.at(total, self.parent[layer], total[layer])
        return total

    def nearest_other(self, label: Ints) -> Ints:
        """For each node the nearest ancestor with another label, -1 if there is none."""
        nearest = np.full(len(self.parent), -1, np.int64)
        for layer in self.layers():
            above = self.parent[layer]
            if (above >= 0).all():
                nearest[layer] = np.where(label[above] != label[layer], above, nearest[above])
        return nearest

    def topmost(self, label: Ints, among: Bools) -> Ints:
        """The nodes with no ancestor of their own label: together they hold each subtree of a label once.

        Args:
            among: the nodes to look at; with a node also those above it.
        """
        nodes = np.flatnonzero(among)
        order = nodes[np.lexsort((self.preorder[nodes], label[nodes]))]
        # Subtrees are intervals of the preorder: inside an earlier one of the label means that its end is not reached yet.
        offset = (np.cumsum(changes(label[order])) - 1) * (len(self.parent) + 1)
        begin = offset + self.preorder[order]
        furthest = np.maximum.accumulate(begin + self.sizes[order])
        is_inside = np.zeros(len(order), np.bool_)
        is_inside[1:] = begin[1:] < furthest[:-1]
        return order[~is_inside]


def forest(parent: Ints) -> Forest:
    """The trees that parents make; a cycle is cut at its smallest node, which becomes a root.

    Args:
        parent: for each node its parent, -1 for none.
    """
    order, layer_ends = _breadth_first(parent)
    was_cut = np.zeros(len(parent), np.bool_)
    if len(order) < len(parent):
        is_reached = np.zeros(len(parent), np.bool_)
        is_reached[order] = True
        was_cut[_smallest_of_cycles(parent, np.flatnonzero(~is_reached))] = True
        parent = np.where(was_cut, -1, parent)
        order, layer_ends = _breadth_first(parent)
    root, depth = np.arange(len(parent)), np.zeros(len(parent), np.int64)
    trees = Forest(parent, root, depth, order, layer_ends, was_cut)
    for level, layer in enumerate(trees.layers()):
        if level:
            root[layer] = root[parent[layer]]
            depth[layer] = level
    return trees


def _breadth_first(parent: Ints) -> tuple[Ints, Ints]:
    """Nodes that hang from a root by depth, and the ends of the layers; nodes on or below a cycle are left out."""
    roots = np.flatnonzero(parent < 0)
    children = np.argsort(parent, kind="stable")[len(roots) :]
    degree = counts(parent[children], len(parent))
    first = np.cumsum(degree) - degree
    layers, ends = [], []
    layer, reached = roots, 0
    while len(layer):
        layers.append(layer)
        reached += len(layer)
        ends.append(reached)
        many = degree[layer]
        skipped = np.cumsum(many) - many
        layer = children[np.repeat(first[layer] - skipped, many) + np.arange(many.sum())]
    return np.concatenate(layers) if layers else roots, np.array(ends, np.int64)


def _smallest_of_cycles(parent: Ints, nodes: Ints) -> list[int]:
    """The smallest node of every cycle, among nodes whose path upwards never ends."""
    walked: dict[int, int] = {}
    smallest = []
    for start in nodes.tolist():
        path, node = [], start
        while node not in walked:
            walked[node] = start
            path.append(node)
            node = int(parent[node])
        if walked[node] == start:
            smallest.append(min(path[path.index(node) :]))
    return smallest
