"""A better partition from a good one: a local search in whole arrays, for many graphs at once.

What Leiden finds is improved until no member is better off in another circle or alone, and no two circles are better as one.
Then some circles, chosen by hash, are taken apart, what is left is improved again, and wherever that is better it is kept. Two
partitions are compared region by region (the smallest sets of people that are unions of circles in both), so that one pass
tries many places and keeps each success. The search ends when a round of passes gains next to nothing.

Each step looks at one graph only, so what comes out does not depend on the graphs beside it. Quality is counted in whole
numbers: `WORTH` times the edges inside, less the pairs of members.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spark_jobs.spread_graph.arrays import Bools, Floats, Ints, changes, counts, find, sums
from spark_jobs.spread_graph.components import connected

WORTH = 20  # pairs of members that one edge makes up for
TAKEN_APART = 0.1  # of the circles, in one pass ...
LEAST_TAKEN_APART = 2  # ... and about this many at least
PASSES = 20  # over a graph, before their gain is checked ...
EDGES_PASSED = 50_000  # ... but over a large graph only as many as pass this many edges
ROUNDS = 10  # of such passes at most
LEAST_GAIN = 0.0005  # of a graph's quality in each pass, for another round


@dataclass(frozen=True)
class Graphs:
    """Some graphs side by side: the graph of each vertex, rising, and the undirected edges, each once, smaller end first."""

    number: Ints
    low: Ints
    high: Ints

    @property
    def count(self) -> int:
        return int(self.number.max(initial=-1)) + 1

    @cached_property
    def ends(self) -> tuple[Ints, Ints]:
        """The edges in both directions."""
        return np.concatenate([self.low, self.high]), np.concatenate([self.high, self.low])

    @cached_property
    def place(self) -> Ints:
        """The number of each vertex within its graph."""
        return np.arange(len(self.number)) - np.searchsorted(self.number, self.number)

    def only(self, people: Ints) -> Graphs:
        """The graphs of these people, who are all of some graphs, rising."""
        edges = slice(None) if len(people) == len(self.number) else find(people, self.low) >= 0
        return Graphs(self.number[people], find(people, self.low[edges]), find(people, self.high[edges]))

    def scores(self, circle: Ints) -> Ints:
        """The quality of each circle, by its name."""
        members, is_inside = counts(circle, len(circle)), circle[self.low] == circle[self.high]
        scores: Ints = WORTH * counts(circle[self.low[is_inside]], len(circle)) - members * (members - 1) // 2
        return scores


def refined(circle: Ints, graphs: Graphs) -> Ints:
    """The circles after the search; they are named by their smallest members, as the given ones are."""
    size = graphs.count
    edges = counts(graphs.number[graphs.low], size)
    passes = np.clip(EDGES_PASSED // np.maximum(edges, 1), 1, PASSES)
    goes_on = edges > 0
    everybody = np.ones(len(circle), np.bool_)
    circle = _converged(circle, graphs, everybody, _luck(graphs.place, 0))
    for again in range(ROUNDS):
        gained = np.zeros(size, np.int64)
        for number in range(int(passes[goes_on].max(initial=0))):
            people = np.flatnonzero((goes_on & (passes > number))[graphs.number])
            found, gains = _shaken(find(people, circle[people]), graphs.only(people), again * PASSES + number)
            circle[people] = people[found]
            gained[: len(gains)] += gains
        goes_on &= gained > LEAST_GAIN * passes * sums(graphs.number, graphs.scores(circle), size)
    return _converged(circle, graphs, everybody, _luck(graphs.place, 0))


def _shaken(circle: Ints, graphs: Graphs, turn: int) -> tuple[Ints, Ints]:
    """Take some circles apart, on odd turns half of each, and keep what comes out better; also what each graph gains."""
    chosen, leaves, luck = (_luck(graphs.place, 3 * turn + number) for number in range(3))
    many = counts(graphs.number[counts(circle, len(circle)) > 1], graphs.count)
    share = (1 + turn % 2) * np.maximum(TAKEN_APART, LEAST_TAKEN_APART / np.maximum(many, 1))
    is_apart = chosen[circle] < share[graphs.number]
    is_alone = is_apart & ((leaves < 0.5) | (turn % 2 == 0))
    apart = _named(np.where(is_alone, len(circle) + np.arange(len(circle)), circle))
    return _best_of(circle, _converged(apart, graphs, is_apart, luck), graphs)


def _converged(circle: Ints, graphs: Graphs, is_new: Bools, luck: Floats) -> Ints:
    """Merge circles and move people as long as that is better, and split circles that are no longer connected.

    Args:
        is_new: the members of the circles to begin with; between the others nothing is to be gained.
    """
    while is_new.any():
        circle, is_new = _merged(circle, graphs, is_new, luck)
        circle, is_new = _moved(circle, graphs, is_new, luck)
        inside = circle[graphs.low] == circle[graphs.high]
        whole, circle = circle, connected(len(circle), graphs.low[inside], graphs.high[inside])
        is_new |= np.isin(whole, whole[whole != circle])
    return circle


def _merged(circle: Ints, graphs: Graphs, is_new: Bools, luck: Floats) -> tuple[Ints, Bools]:
    """Merge circles until no two are better as one; the circles, and the members of those that are new or merged.

    In each round the best merger of all that a circle could take part in is made. Between rounds edges are added up, so that
    each is fewer than the one before.
    """
    size, is_merged = len(circle), is_new
    while is_merged.any():
        is_at_one = is_merged[graphs.low] | is_merged[graphs.high]
        one, two = circle[graphs.low[is_at_one]], circle[graphs.high[is_at_one]]
        between = one != two
        one, two, edges = _counted(size, np.minimum(one, two)[between], np.maximum(one, two)[between])
        into, members = np.arange(size), counts(circle, size)
        while True:
            kept, lost = _by_gain(WORTH * edges - members[one] * members[two], luck, one, two)
            if not len(kept):
                break
            taken = _undisputed(size, kept, lost)
            kept, lost = kept[taken], lost[taken]
            members[kept] += members[lost]
            step = np.arange(size)
            step[lost] = kept
            one, two, into = step[one], step[two], step[into]
            between = one != two
            one, two, edges = _added_up(size, np.minimum(one, two)[between], np.maximum(one, two)[between], edges[between])
        is_merged = (counts(into, size) > 1)[into[circle]]
        circle, is_new = into[circle], is_new | is_merged
    return circle, is_new


def _moved(circle: Ints, graphs: Graphs, is_new: Bools, luck: Floats) -> tuple[Ints, Bools]:
    """Move people to a circle where they gain more, or to one of their own; the circles, and the members of the changed ones.

    In each round a circle loses or gains at most one person.
    """
    size, is_changed = len(circle), np.zeros(len(circle), np.bool_)
    person_of, friend_of = graphs.ends
    while True:
        own, other = circle[person_of], circle[friend_of]
        members = counts(circle, size)
        stays = WORTH * counts(person_of[own == other], size) - (members[circle] - 1)
        outside = (own != other) & (is_new[person_of] | is_new[friend_of])
        person, into, edges = _counted(size, person_of[outside], other[outside])
        leaver = np.flatnonzero(is_new & (stays < 0))
        gain = np.concatenate([WORTH * edges - members[into] - stays[person], -stays[leaver]])
        person, into = _by_gain(gain, luck, np.concatenate([person, leaver]), np.concatenate([into, size + leaver]))
        if not len(person):
            return circle, is_changed
        taken = _undisputed(2 * size, circle[person], into)
        at_stake = np.zeros(2 * size, np.bool_)
        at_stake[circle[person]] = at_stake[into] = True
        moved = circle.copy()
        moved[person[taken]] = into[taken]
        is_new = at_stake[circle] | at_stake[moved]
        is_changed |= is_new
        circle = _named(moved)


def _by_gain(gain: Ints, luck: Floats, who: Ints, into: Ints) -> tuple[Ints, Ints]:
    """What gains something, the most first, then by luck."""
    better = gain > 0
    who, into = who[better], into[better]
    order = np.lexsort((into, who, (luck[who] + luck[into % len(luck)]) % 1, -gain[better]))
    return who[order], into[order]


def _undisputed(size: int, *claims: Ints) -> Bools:
    """Which of some ranked claims are the first for all the circles that they name."""
    first = np.full(size, len(claims[0]))
    rank = np.arange(len(claims[0]))
    for circles in claims:
        np.minimum.at(first, circles, rank)
    undisputed: Bools = np.logical_and.reduce([first[circles] == rank for circles in claims])
    return undisputed


def _counted(size: int, one: Ints, two: Ints) -> tuple[Ints, Ints, Ints]:
    """The different pairs, rising, and how often each occurs."""
    pairs = np.sort(one * size + two)
    begins = np.flatnonzero(changes(pairs))
    return pairs[begins] // size, pairs[begins] % size, np.diff(np.append(begins, len(pairs)))


def _added_up(size: int, one: Ints, two: Ints, edges: Ints) -> tuple[Ints, Ints, Ints]:
    """The different pairs, rising, and how many edges each has."""
    pairs = one * size + two
    order = np.argsort(pairs)
    begins = np.flatnonzero(changes(pairs[order]))
    total = np.add.reduceat(edges[order], begins) if len(begins) else edges
    return one[order[begins]], two[order[begins]], total


def _named(circle: Ints) -> Ints:
    """The circles named by their smallest members; the names that are given may be any below twice the people."""
    size = len(circle)
    smallest = np.empty(2 * size, np.int64)
    smallest[circle[::-1]] = np.arange(size)[::-1]
    return smallest[circle]


def _best_of(first: Ints, second: Ints, graphs: Graphs) -> tuple[Ints, Ints]:
    """Region by region the better of two partitions, the first where they are equal; also what each graph gains by it."""
    size = len(first)
    region = connected(2 * size, first, second + size)
    gain = sums(region[size:], graphs.scores(second), 2 * size) - sums(region[:size], graphs.scores(first), 2 * size)
    gains = sums(graphs.number, np.maximum(gain[:size], 0), graphs.count)
    return np.where(gain[region[first]] > 0, second, first), gains


def _luck(places: Ints, number: int) -> Floats:
    """A number from 0 to 1 for each place, by splitmix64: the same on every machine."""
    bits = places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64((number + 1) * 0xD1B54A32D192ED03 % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (bits ^ (bits >> np.uint64(31))) / 2.0**64
