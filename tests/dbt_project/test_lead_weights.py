"""Suggested points of lead rules: what tells who buys is found, whatever the rules say."""

from __future__ import annotations

import numpy as np
import pytest

from dbt_project.lead_weights import LEAST_CONVERTED, suggest

POINTS = np.array([20.0, 0.5])  # of gender, and of each minute watched


def _leads(buys_by: int, leads: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Parts of the two rules, and who bought: by one of them, the more the more points it gave."""
    rng = np.random.default_rng(3)
    parts = np.column_stack([20.0 * rng.integers(0, 2, leads), rng.uniform(0, 30, leads)])
    chance = 0.05 + 0.4 * parts[:, buys_by] / parts[:, buys_by].max()
    return parts, rng.random(leads) < chance


def _area(scores: np.ndarray, bought: np.ndarray) -> float:
    """The probability that a lead that bought has the higher score, pair by pair; of equal ones half."""
    ahead = scores[bought][:, None] - scores[~bought][None, :]
    return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())


def test_what_tells_who_buys_gets_the_points() -> None:
    parts, bought = _leads(buys_by=1)
    suggested = suggest(parts, bought, POINTS)
    assert suggested is not None
    assert np.abs(suggested).sum() == pytest.approx(POINTS.sum())
    # A lead's new part is its part x suggested / points: 30 points of watching, an hour, against 20 for gender.
    by_gender, by_watching = 20 * suggested[0] / POINTS[0], 30 * suggested[1] / POINTS[1]
    assert abs(by_gender) < 0.15 * by_watching
    assert _area(parts @ (suggested / POINTS), bought) > _area(parts.sum(axis=1), bought) + 0.02


def test_who_buys_less_gets_points_taken() -> None:
    parts, bought = _leads(buys_by=0)
    suggested = suggest(parts, ~bought, POINTS)
    assert suggested is not None
    assert suggested[0] < -15
    assert abs(30 * suggested[1] / POINTS[1]) < 0.15 * abs(20 * suggested[0] / POINTS[0])


def test_order_of_the_leads_does_not_matter() -> None:
    parts, bought = _leads(buys_by=1)
    there, back = suggest(parts, bought, POINTS), suggest(parts[::-1], bought[::-1], POINTS)
    assert there == pytest.approx(back, rel=1e-9)


def test_a_rule_that_tells_nobody_apart_gets_no_points() -> None:
    parts, bought = _leads(buys_by=1)
    parts[:, 0] = 20.0
    suggested = suggest(parts, bought, POINTS)
    assert suggested is not None
    assert suggested.tolist() == [0.0, pytest.approx(20.5)]


@pytest.mark.parametrize(
    ("converted", "leads", "points"),
    [
        pytest.param(LEAST_CONVERTED - 1, 100, 20.0, id="too few that bought"),
        pytest.param(100, 100, 20.0, id="nobody who did not"),
        pytest.param(50, 100, 0.0, id="a rule without points"),
        pytest.param(0, 0, 20.0, id="nobody"),
    ],
)
def test_nothing_is_suggested_where_nothing_can_be_learnt(converted: int, leads: int, points: float) -> None:
    parts = np.full((leads, 1), points, np.float64) * (np.arange(leads)[:, None] % 2)
    assert suggest(parts, np.arange(leads) < converted, np.array([points])) is None


def test_twenty_that_bought_are_enough() -> None:
    parts = np.full((100, 1), 20.0, np.float64) * (np.arange(100)[:, None] % 2)
    assert suggest(parts, np.arange(100) < LEAST_CONVERTED, np.array([20.0])) is not None
