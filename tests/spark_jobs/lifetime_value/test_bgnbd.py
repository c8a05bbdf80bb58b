"""BG/NBD against the published CDNOW figures, exact sums, numerical integrals and simulated customers."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln

from spark_jobs.lifetime_value import bgnbd
from spark_jobs.lifetime_value.likelihood import FEW, Vector
from tests.spark_jobs.lifetime_value.cdnow import cdnow_histories
from tests.spark_jobs.lifetime_value.derivatives import assert_derivatives

CDNOW = np.array([0.243, 4.414, 0.793, 2.426])


def histories(rows: list[tuple[float, float, float]]) -> bgnbd.Histories:
    x, recency, age = (np.array(column) for column in zip(*rows, strict=True))
    return bgnbd.Histories.group(x, recency, age)


def test_cdnow_gives_the_published_estimates(shared_data: Path) -> None:
    customers = cdnow_histories(shared_data, are_free_days_purchases=True)
    found = bgnbd.fit(bgnbd.Histories.group(*(customers[name].to_numpy(float) for name in ("x", "recency", "age"))))
    assert len(customers) == 2357
    assert found.parameters == pytest.approx(CDNOW, abs=6e-4)
    assert found.log_likelihood == pytest.approx(-9582.43, abs=0.005)
    assert found.has_converged
    assert not found.at_bound.any()
    assert np.all(np.isfinite(found.standard_errors))
    expected = bgnbd.expected_purchases(found.parameters, np.array([2]), np.array([30.43]), np.array([38.86]), 39)
    assert expected[0] == pytest.approx(1.226, abs=5e-4)


def test_cdnow_without_free_days_gives_the_marts_figures(shared_data: Path) -> None:
    customers = cdnow_histories(shared_data, are_free_days_purchases=False)
    found = bgnbd.fit(bgnbd.Histories.group(*(customers[name].to_numpy(float) for name in ("x", "recency", "age"))))
    assert len(customers) == 2349
    assert found.log_likelihood == pytest.approx(-9578.20, abs=0.005)


@pytest.mark.parametrize(
    ("weeks", "printed"), [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)]
)
def test_a_new_customer_buys_as_published(weeks: float, printed: float, shared_data: Path) -> None:
    customers = cdnow_histories(shared_data, are_free_days_purchases=True)
    r, alpha, a, b = bgnbd.fit(
        bgnbd.Histories.group(*(customers[name].to_numpy(float) for name in ("x", "recency", "age")))
    ).parameters
    expected = float(bgnbd.expected_if_alive(np.array([r, alpha, a, b]), np.zeros(1), np.zeros(1), weeks)[0])
    # The printed figures come from a series cut after 150 terms, which at 78 weeks is not yet all of it.
    z, term, series = weeks / (alpha + weeks), 1.0, 1.0
    for n in range(151):
        term *= (r + n) * (b + n) / (a + b - 1 + n) / (n + 1) * z
        series += term
    cut = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + weeks)) ** r * series)
    assert cut == pytest.approx(printed, abs=5.1e-5)
    assert expected == pytest.approx(cut, abs=4e-4 if weeks == 78 else 1e-8)


def test_derivatives_are_those_of_the_likelihood() -> None:
    likelihood = bgnbd._LogLikelihood(histories([(0, 0, 10), (0, 0, 3), (1, 2, 9), (4, 7.5, 8), (12, 20, 20)]))
    for point in (CDNOW, np.exp([2.0, -1.0, 1.5, -1.0])):
        assert_derivatives(likelihood, point)


def test_likelihood_is_that_of_the_paper() -> None:
    """Equation 6, written with gamma functions, on parameters where its differences are harmless."""
    r, alpha, a, b = CDNOW
    x, recency, age = np.array([0, 1, 5]), np.array([0, 2.5, 30]), np.array([12, 20, 31.0])
    for got, n, t_x, t in zip(bgnbd.log_likelihoods(CDNOW, x, recency, age), x, recency, age, strict=True):
        a1 = math.lgamma(r + n) - math.lgamma(r) + r * math.log(alpha)
        a2 = math.lgamma(a + b) + math.lgamma(b + n) - math.lgamma(b) - math.lgamma(a + b + n)
        a3 = (alpha + t) ** -(r + n)
        a4 = a / (b + n - 1) * (alpha + t_x) ** -(r + n) if n else 0.0
        assert got == pytest.approx(a1 + a2 + math.log(a3 + a4), rel=1e-12)
    whole, _, _ = bgnbd._LogLikelihood(bgnbd.Histories.group(x, recency, age))(CDNOW)
    assert whole == pytest.approx(bgnbd.log_likelihoods(CDNOW, x, recency, age).sum(), rel=1e-12)


def by_integral(parameters: Vector, x: float, age: float, horizon: float) -> float:
    """Expected purchases given p, (1 − (1 + pt/(α+T))^−(r+x)) / p, averaged over p ~ Beta(a, b+x)."""
    r, alpha, a, b = parameters

    def density(log_p: float) -> float:
        p = math.exp(log_p)
        weight = math.exp(a * log_p + (b + x - 1) * math.log1p(-p) - betaln(a, b + x)) if p < 1 else 0.0
        return -math.expm1(-(r + x) * math.log1p(p * horizon / (alpha + age))) / p * weight

    edges = np.linspace(-45 / min(a, 1), 0, 60)
    return math.fsum(quad(density, low, high, epsabs=0, epsrel=1e-11)[0] for low, high in pairwise(edges))


@pytest.mark.parametrize(
    "parameters",
    [
        (0.243, 4.414, 0.793, 2.426),
        (0.243, 4.414, 1.0, 2.426),
        (2.0, 1.0, 1.0 + 1e-9, 3.0),
        (30.0, 0.01, 2.0, 4.0),
        (0.3, 1e-5, 1.5, 2.0),
        (500.0, 400.0, 60.0, 900.0),
    ],
)
@pytest.mark.parametrize(("x", "age"), [(0, 0.0), (0, 50.0), (3, 20.0), (40, 60.0)])
def test_expectation_equals_the_integral_also_near_a_of_one(parameters: tuple[float, ...], x: int, age: float) -> None:
    got = bgnbd.expected_if_alive(np.array(parameters), np.array([x]), np.array([age]), 365 / 7)
    assert got[0] == pytest.approx(by_integral(np.array(parameters), x, age, 365 / 7), rel=1e-8)


@pytest.mark.parametrize("spans", [0.001, 0.1, 1, 30, 413, 1366])
def test_expectation_of_a_new_customer_who_is_like_no_other_is_a_logarithm(spans: float) -> None:
    """With r = a = b = 1: ∫ (1 − 1/(1 + p·t/α)) / p dp = ln(1 + t/α)."""
    got = bgnbd.expected_if_alive(np.array([1.0, 10.0, 1.0, 1.0]), np.zeros(1), np.zeros(1), 10 * spans)
    assert got[0] == pytest.approx(math.log1p(spans), rel=1e-12)


def test_expectation_keeps_its_digits_at_the_bounds_of_the_search() -> None:
    x, age, weeks = np.array([0, 1, 20]), np.array([1.0, 3.0, 60.0]), 90 / 7
    nobody_leaves = bgnbd.expected_if_alive(np.array([2.0, 5.0, 1e-7, 1.0]), x, age, weeks)
    assert nobody_leaves == pytest.approx((2 + x) * weeks / (5 + age), rel=1e-5)
    rate, leaving = 0.5, 0.25  # the same for everybody: r/α and a/b fixed, both huge
    alike = bgnbd.expected_if_alive(np.array([1e7 * rate, 1e7, 1e7 * leaving / (1 - leaving), 1e7]), x, age, weeks)
    assert alike == pytest.approx(np.full(3, -math.expm1(-rate * leaving * weeks) / leaving), rel=1e-4)
    with np.errstate(all="raise"):
        assert np.all(bgnbd.expected_if_alive(CDNOW, x, age, 0) == 0)


@pytest.mark.parametrize("parameters", [CDNOW, np.array([1.0, 0.001, 1.0, 1.0]), np.array([0.97, 0.001, 0.03, 6.7])])
def test_no_customers_expectation_depends_on_whom_it_is_worked_out_with(parameters: Vector) -> None:
    rng = np.random.default_rng(5)
    x, age = rng.integers(0, 9, 200).astype(np.float64), rng.integers(0, 500, 200) / 7
    age[:120] = 0  # far terms, enough of them for a product of matrices to differ by rows
    weeks = np.where(rng.random(200) < 0.1, 0, rng.integers(1, 60, 200).astype(np.float64))
    together = bgnbd.expected_if_alive(parameters, x, age, weeks)
    alone = [bgnbd.expected_if_alive(parameters, x[[i]], age[[i]], float(weeks[i]))[0] for i in range(200)]
    assert together.tolist() == alone
    assert np.all((together > 0) == (weeks > 0))
    recency, times = age / 2, x.astype(np.int64)
    purchases = bgnbd.expected_purchases(parameters, times, recency, age, weeks)
    assert purchases.tolist() == (together * bgnbd.p_alive(parameters, times, recency, age)).tolist()


def test_alive_with_no_repeat_and_less_alive_the_longer_silent() -> None:
    x, recency, age = np.array([0, 5, 5, 5]), np.array([0, 30.0, 20.0, 10.0]), np.full(4, 30.0)
    alive = bgnbd.p_alive(CDNOW, x, recency, age)
    assert alive[0] == 1
    assert np.all(np.diff(alive[1:]) < 0)
    assert bgnbd.p_alive(CDNOW, np.array([10_000]), np.array([10.0]), np.array([3000.0]))[0] == 0


def simulated(count: int, seed: int, parameters: tuple[float, float, float, float]) -> tuple[Vector, Vector, Vector]:
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rows = []
    for rate, leaving in zip(rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count), strict=True):
        age, at, x, last = rng.uniform(20, 60), 0.0, 0, 0.0
        while rate > 0:
            at += rng.exponential(1 / rate)
            if at > age:
                break
            x, last = x + 1, at
            if rng.random() < leaving:
                break
        rows.append((float(x), last, age))
    x_column, recency, age_column = (np.array(column) for column in zip(*rows, strict=True))
    return x_column, recency, age_column


def test_finds_the_parameters_of_simulated_customers_within_their_errors() -> None:
    truth = np.array([0.6, 5.0, 0.9, 2.5])
    found = bgnbd.fit(bgnbd.Histories.group(*simulated(20_000, 3, (0.6, 5.0, 0.9, 2.5))))
    assert np.all(np.abs(found.parameters - truth) < 3.5 * found.standard_errors)
    assert np.all(found.standard_errors < truth / 3)


def test_order_and_grouping_of_customers_make_no_difference() -> None:
    x, recency, age = simulated(300, 4, (0.6, 5.0, 0.9, 2.5))
    shuffled = np.random.default_rng(1).permutation(300)
    whole = bgnbd.fit(bgnbd.Histories.group(x, recency, age))
    again = bgnbd.fit(bgnbd.Histories.group(x[shuffled], recency[shuffled], age[shuffled]))
    twice = bgnbd.fit(bgnbd.Histories.group(x, recency, age, np.full(300, 2.0)))
    assert np.array_equal(whole.parameters, again.parameters)
    assert twice.parameters == pytest.approx(whole.parameters, rel=1e-4)
    assert twice.log_likelihood == pytest.approx(2 * whole.log_likelihood)


def test_many_histories_have_the_fit_that_a_search_without_a_sample_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = bgnbd.Histories.group(*simulated(60_000, 5, (0.6, 5.0, 0.9, 2.5)))
    assert len(histories.x) > FEW
    sampled = bgnbd.fit(histories)
    monkeypatch.setattr(bgnbd, "FEW", len(histories.x))
    plain = bgnbd.fit(histories)
    assert not np.array_equal(sampled.parameters, plain.parameters)  # they came from different starts
    assert sampled.parameters == pytest.approx(plain.parameters, rel=1e-5)
    assert sampled.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)


def test_customers_who_never_leave_end_at_a_bound_with_the_limiting_likelihood() -> None:
    rng = np.random.default_rng(5)
    age = np.full(200, 30.0)
    x = rng.poisson(rng.gamma(2, 1 / 4, 200) * age).astype(float)
    found = bgnbd.fit(bgnbd.Histories.group(x, np.where(x > 0, age, 0.0), age))
    assert found.has_converged
    assert found.at_bound.any()
    assert np.isnan(found.standard_errors[found.at_bound]).all()
    r, alpha = found.parameters[:2]
    limit = sum(
        math.lgamma(r + n) - math.lgamma(r) - r * math.log1p(30 / alpha) - n * math.log(alpha + 30)
        for n in x.astype(int).tolist()
    )
    assert found.log_likelihood == pytest.approx(limit, abs=1e-3)


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 0)],
        [(0, 0, 0), (0, 0, 0), (1, 0.14, 0.14)],
        [(0, 0, 10), (0, 0, 20)],
        [(10_000, 1500, 1500)],
        [(1, 1 / 7, 1 / 7)] * 50,
    ],
    ids=["age of 0", "young", "nobody came back", "ten thousand purchases", "all alike"],
)
def test_poor_data_give_positive_finite_parameters(rows: list[tuple[float, float, float]]) -> None:
    found = bgnbd.fit(histories(rows))
    assert np.all(found.parameters > 0)
    assert np.all(np.isfinite(found.parameters))
    x, recency, age = (np.array(column) for column in zip(*rows, strict=True))
    expected = bgnbd.expected_purchases(found.parameters, x, recency, age, 365 / 7)
    assert np.all(np.isfinite(expected))
    assert np.all(expected >= 0)


@pytest.mark.parametrize("a_day", [1 / 7, 0.1, 250.0], ids=["whole days", "other times", "far apart"])
def test_histories_keep_every_time(a_day: float) -> None:
    rng = np.random.default_rng(6)
    x, recency, age = (rng.integers(low, high, 50).astype(float) for low, high in ((0, 3), (0, 40), (40, 90)))
    recency, age = recency * a_day, age * a_day
    found = bgnbd.Histories.group(x, recency, age)
    times = zip(found.x, found.recencies[found.recency_at], found.ages[found.age_at], strict=True)
    counted = dict(zip(times, found.customers, strict=True))
    assert counted == Counter(zip(x, recency, age, strict=True))
    assert np.all(np.diff(found.recencies) > 0)
    assert np.all(np.diff(found.ages) > 0)


def test_nobody_at_all_is_no_error() -> None:
    nobody = bgnbd.Histories.group(np.array([]), np.array([]), np.array([]))
    found = bgnbd.fit(nobody)
    assert found.log_likelihood == 0
    assert np.all(found.parameters > 0)
    assert len(bgnbd.expected_purchases(found.parameters, nobody.x, nobody.ages, nobody.ages, 10)) == 0
