"""Gamma-Gamma against the published CDNOW figures and simulated customers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spark_jobs.lifetime_value import gamma_gamma
from tests.spark_jobs.lifetime_value.cdnow import cdnow_histories
from tests.spark_jobs.lifetime_value.derivatives import assert_derivatives


def test_cdnow_gives_the_published_estimates(shared_data: Path) -> None:
    customers = cdnow_histories(shared_data, are_free_days_purchases=True)
    returning = customers[(customers["x"] > 0) & (customers["mean"] > 0)]
    found = gamma_gamma.fit(returning["x"].to_numpy(), returning["mean"].to_numpy())
    assert found.parameters == pytest.approx([6.25, 3.74, 15.44], abs=0.006)
    assert found.has_converged
    assert np.all(np.isfinite(found.standard_errors))


def test_derivatives_are_those_of_the_likelihood() -> None:
    likelihood = gamma_gamma._LogLikelihood(np.array([1, 2, 7]), np.array([10.0, 35.5, 8.0]), np.array([1.0, 3.0, 2.0]))
    for point in (np.array([6.25, 3.74, 15.44]), np.exp([-1.0, 2.0, 5.0])):
        assert_derivatives(likelihood, point)


def test_likelihood_of_all_is_the_sum_over_customers() -> None:
    x, mean = np.array([1, 2, 7]), np.array([10.0, 35.5, 8.0])
    parameters = np.array([6.25, 3.74, 15.44])
    whole, _, _ = gamma_gamma._LogLikelihood(x, mean, np.ones(3))(parameters)
    assert whole == pytest.approx(gamma_gamma.log_likelihoods(parameters, x, mean).sum(), rel=1e-12)


def test_finds_the_parameters_of_simulated_customers_within_their_errors() -> None:
    rng = np.random.default_rng(7)
    truth = np.array([4.0, 5.0, 60.0])
    x = rng.integers(1, 9, 20_000)
    mean = rng.gamma(truth[0] * x, 1 / rng.gamma(truth[1], 1 / truth[2], len(x))) / x
    found = gamma_gamma.fit(x, mean)
    assert np.all(np.abs(found.parameters - truth) < 3.5 * found.standard_errors)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_another_unit_of_money_is_all_that_changes(unit: float) -> None:
    rng = np.random.default_rng(11)
    x = rng.integers(1, 9, 2_000)
    mean = rng.gamma(4.0 * x, 1 / rng.gamma(5, 1 / 60, len(x))) / x
    one, other = gamma_gamma.fit(x, mean).parameters, gamma_gamma.fit(x, mean * unit).parameters
    assert other == pytest.approx(one * [1, 1, unit], rel=1e-5)


def test_order_of_customers_makes_no_difference() -> None:
    rng = np.random.default_rng(8)
    x, mean = rng.integers(1, 5, 200), rng.lognormal(3, 0.5, 200)
    shuffled = rng.permutation(200)
    assert np.array_equal(gamma_gamma.fit(x, mean).parameters, gamma_gamma.fit(x[shuffled], mean[shuffled]).parameters)


def test_order_of_weighted_customers_makes_no_difference() -> None:
    """Also of such as are alike but in their weight."""
    rng = np.random.default_rng(9)
    x, mean, customers = rng.integers(1, 4, 400), rng.integers(1, 30, 400) / 7, rng.integers(1, 9, 400) / 3
    shuffled = rng.permutation(400)
    one = gamma_gamma.fit(x, mean, customers)
    other = gamma_gamma.fit(x[shuffled], mean[shuffled], customers[shuffled])
    assert np.array_equal(one.parameters, other.parameters)
    assert one.log_likelihood == other.log_likelihood


def test_many_customers_have_the_fit_that_a_search_without_a_sample_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    x = rng.integers(1, 9, 30_000)
    mean = rng.gamma(4.0 * x, 1 / rng.gamma(5, 1 / 60, len(x))) / x
    shuffled = rng.permutation(len(x))
    sampled, again = gamma_gamma.fit(x, mean), gamma_gamma.fit(x[shuffled], mean[shuffled])
    monkeypatch.setattr(gamma_gamma, "FEW", len(x))
    plain = gamma_gamma.fit(x, mean)
    assert np.array_equal(sampled.parameters, again.parameters)
    assert not np.array_equal(sampled.parameters, plain.parameters)  # they came from different starts
    assert sampled.parameters == pytest.approx(plain.parameters, rel=1e-5)
    assert sampled.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)


def test_one_price_for_all_is_told_as_degenerate_and_other_data_are_not() -> None:
    x = np.array([1, 2, 3] * 40)
    assert gamma_gamma.is_degenerate(gamma_gamma.fit(x, np.full(120, 19.9)).parameters)
    mean = np.random.default_rng(9).lognormal(3, 0.5, 120)
    assert not gamma_gamma.is_degenerate(gamma_gamma.fit(x, mean).parameters)


@pytest.mark.parametrize(("p", "q", "is_degenerate"), [(1e4, 1e5, False), (1e5, 1e4, False), (10_001, 10_001, True)])
def test_degenerate_are_both_shapes_above_ten_thousand(p: float, q: float, is_degenerate: bool) -> None:
    assert gamma_gamma.is_degenerate(np.array([p, q, 1.0])) is is_degenerate


def test_expected_value_goes_from_everybodys_mean_to_the_customers_own() -> None:
    p, q, v = 6.25, 3.74, 15.44
    values = gamma_gamma.expected_value(np.array([p, q, v]), np.array([0, 1, 1000]), np.array([0.0, 100.0, 100.0]))
    assert values[0] == pytest.approx(p * v / (q - 1))
    assert values[0] < values[1] < values[2]
    assert values[2] == pytest.approx(100, rel=0.01)


def test_expected_value_is_nan_where_the_model_has_no_finite_mean() -> None:
    values = gamma_gamma.expected_value(np.array([2.0, 0.5, 10.0]), np.array([0, 3]), np.array([0.0, 20.0]))
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(2 * (10 + 20 * 3) / (2 * 3 + 0.5 - 1))
    nobody_knows, just = (
        gamma_gamma.expected_value(np.array([2.0, q, 10.0]), np.zeros(1, np.int64), np.zeros(1))[0] for q in (1.0, 1.25)
    )
    assert np.isnan(nobody_knows)
    assert just == 2 * 10 / 0.25
