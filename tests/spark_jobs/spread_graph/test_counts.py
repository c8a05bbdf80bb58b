"""Motifs, coverage and concentration against counting everything."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import combinations

import numpy as np
import pytest

from spark_jobs.spread_graph import motifs
from spark_jobs.spread_graph.concentration import concentration
from spark_jobs.spread_graph.coverage import key_spreaders
from tests.spark_jobs.spread_graph.graphs import directed, random_edges, star, undirected


@pytest.mark.parametrize("seed", range(8))
def test_motifs_of_random_graphs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motifs, "MOST_PATHS", 7)  # cut into many blocks
    edges = random_edges(18, 0.25, seed)
    low, high = undirected(edges)
    linked = {frozenset(pair) for pair in edges}
    triangles = sum(all(frozenset(pair) in linked for pair in combinations(three, 2)) for three in combinations(range(18), 3))
    triples = sum(
        frozenset((middle, a)) in linked and frozenset((middle, b)) in linked
        for middle in range(18)
        for a, b in combinations(range(18), 2)
        if middle not in (a, b)
    )
    assert triangles > 0
    assert motifs.triangles(18, low, high) == triangles
    assert motifs.connected_triples(18, low, high) == triples
    graph = directed(18, edges)
    assert motifs.reciprocal_pairs(18, graph.opener, graph.sharer) == sum((b, a) in edges for a, b in edges) // 2


def test_triangles_of_a_large_star_cost_nothing() -> None:
    low, high = undirected([*star(100_000), (1, 2)])
    assert motifs.triangles(100_001, low, high) == 1


def greedy(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Greedy coverage with a full recount each time."""
    reach = {sharer: {a for a, b in edges if b == sharer} for _, sharer in edges}
    everybody = set().union(*reach.values())
    chosen: list[tuple[int, int]] = []
    covered = set[int]()
    while len(covered) < 0.95 * len(everybody) and len(chosen) < 200:
        best = min(reach, key=lambda user: (-len(reach[user] - covered), user))
        chosen.append((best, len(reach[best] - covered)))
        covered |= reach[best]
    return chosen


@pytest.mark.parametrize("seed", range(10))
def test_key_spreaders_are_those_of_a_full_recount(seed: int) -> None:
    edges = random_edges(40, 0.06, seed)
    people, adds = key_spreaders(directed(40, edges))
    assert list(zip(people.tolist(), adds.tolist(), strict=True)) == greedy(edges)


def test_key_spreaders_stop_at_two_hundred() -> None:
    pairs = [(1000 + i, i) for i in range(500)]
    people, adds = key_spreaders(directed(1500, pairs))
    assert people.tolist() == list(range(200))
    assert set(adds.tolist()) == {1}


def test_key_spreaders_stop_at_95_percent() -> None:
    pairs = [(100 + i, 0) for i in range(19)] + [(200, 1)]
    people, _ = key_spreaders(directed(201, pairs))
    assert people.tolist() == [0]  # 19 of 20


@pytest.mark.parametrize("seed", range(10))
def test_concentration_of_random_values(seed: int) -> None:
    dice = np.random.default_rng(seed)
    values = dice.integers(-3, 30, dice.integers(1, 3000))
    held = sorted((int(value) for value in values if value > 0), reverse=True)
    (row,) = concentration("shares", *np.unique(values, return_counts=True))
    users, total = len(held), sum(held)
    assert (row["users"], row["total"]) == (users, Decimal(total))
    assert row["top_1pct_share"] == pytest.approx(sum(held[: -(-users // 100)]) / total, rel=1e-12)
    assert row["top_01pct_share"] == pytest.approx(sum(held[: -(-users // 1000)]) / total, rel=1e-12)
    assert row["users_for_half"] == next(n for n in range(1, users + 1) if 2 * sum(held[:n]) >= total)
    weighted = sum(place * value for place, value in enumerate(reversed(held), start=1))
    assert row["gini"] == pytest.approx(2 * weighted / (users * total) - (users + 1) / users, abs=1e-12)


def test_concentration_counts_money_in_cents() -> None:
    (row,) = concentration("revenue_led", np.array([-5, 1, 199]), np.array([1, 1, 1]))
    assert (row["users"], row["total"]) == (2, Decimal("2.00"))
    assert concentration("revenue_led", np.array([-5, 0]), np.array([1, 4])) == []


def test_weights_are_counted() -> None:
    assert Counter(directed(3, [(0, 1), (0, 1), (2, 1)]).weight.tolist()) == {2: 1, 1: 1}


def test_concentration_of_money_beyond_64_bits() -> None:
    """Four people with 9e17 cents each, two with three times as much: 3.6e18 and 5.4e18 make 9e18, more than fits a cell."""
    values, people = np.array([9 * 10**17, 27 * 10**17]), np.array([4, 2])
    (row,) = concentration("revenue_led", values, people)
    assert (row["users"], row["total"], row["users_for_half"]) == (6, None, 2)
    assert row["top_1pct_share"] == pytest.approx(0.3)
    # Σ i·x = (1 + 2 + 3 + 4) · 9 + (5 + 6) · 27 = 387 of tenths; 2 · 387 / (6 · 90) - 7 / 6
    assert row["gini"] == pytest.approx(2 * 387 / 540 - 7 / 6)

    (row,) = concentration("revenue_led", values, people * 10)  # 9e19 is beyond 64 bits: numpy would wrap around
    assert (row["users"], row["total"], row["users_for_half"]) == (60, None, 17)
    assert row["top_1pct_share"] == pytest.approx(0.03)
    assert row["gini"] == pytest.approx((2 * (sum(range(1, 41)) * 9 + sum(range(41, 61)) * 27)) / (60 * 900) - 61 / 60)
