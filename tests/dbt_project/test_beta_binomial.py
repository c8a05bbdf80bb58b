"""Empirical Bayes shrinkage against brute force and in its corners."""

from __future__ import annotations

from math import lgamma

import numpy as np
import pytest

from dbt_project.beta_binomial import fit_prior, shrink


def _log_likelihood(a: float, b: float, successes: list[int], trials: list[int]) -> float:
    def log_beta(x: float, y: float) -> float:
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    return sum(log_beta(k + a, n - k + b) - log_beta(a, b) for k, n in zip(successes, trials, strict=True))


def _shrunk(successes: list[int], trials: list[int]) -> list[float]:
    return [float(rate) for rate in shrink(np.array(successes), np.array(trials))]


def test_prior_is_the_likeliest_of_a_fine_grid() -> None:
    successes, trials = [2, 8, 5, 40, 1], [10, 10, 9, 60, 12]
    prior = fit_prior(np.array(successes), np.array(trials))
    assert prior is not None
    at = _log_likelihood(*prior, successes, trials)
    grid = np.exp(np.linspace(-3, 6, 200))
    assert at >= max(_log_likelihood(a, b, successes, trials) for a in grid for b in grid)
    around = [(prior[0] * (1 + x), prior[1] * (1 + y)) for x in (-1e-4, 1e-4) for y in (-1e-4, 1e-4)]
    assert all(at > _log_likelihood(a, b, successes, trials) for a, b in around)


def test_rates_move_towards_the_prior_mean_the_more_the_fewer_the_trials() -> None:
    successes, trials = [2, 8, 5, 40, 1], [10, 10, 9, 60, 12]
    a, b = fit_prior(np.array(successes), np.array(trials)) or (0.0, 0.0)
    mean = a / (a + b)
    shrunk = _shrunk(successes, trials)
    moved = []
    for k, n, rate in zip(successes, trials, shrunk, strict=True):
        assert min(k / n, mean) <= rate <= max(k / n, mean)
        moved.append((rate - k / n) / (mean - k / n))
    assert moved == pytest.approx([(a + b) / (n + a + b) for n in trials])


@pytest.mark.parametrize(
    ("successes", "trials"),
    [
        pytest.param([5, 5, 5], [10, 10, 10], id="no more variance than chance"),
        pytest.param([3], [4], id="a single region"),
        pytest.param([0, 0], [5, 9], id="nothing formed"),
        pytest.param([5, 9], [5, 9], id="everything formed"),
        pytest.param([1, 0, 1, 1], [1, 1, 1, 1], id="one team each tells nothing of the variance"),
        pytest.param([0, 8], [8, 8], id="all or nothing: the likelihood rises to the edge"),
    ],
)
def test_pooled_rate_where_there_is_no_inner_maximum(successes: list[int], trials: list[int]) -> None:
    assert _shrunk(successes, trials) == pytest.approx([sum(successes) / sum(trials)] * len(trials))


def test_order_of_the_regions_does_not_matter() -> None:
    successes, trials = [2, 8, 5, 40, 1], [10, 10, 9, 60, 12]
    assert _shrunk(successes[::-1], trials[::-1]) == pytest.approx(_shrunk(successes, trials)[::-1], abs=1e-9)
