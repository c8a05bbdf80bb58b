"""Rates of small groups, shrunk by beta-binomial empirical Bayes (Skellam 1948; Efron, Morris 1975)."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, logit

# Range of the prior's weight a + b, in observations, within which a maximum counts as an inner one.
_WEIGHTS = (1e-4, 1e7)


def shrink(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """Posterior mean rate of each group under the beta prior that makes the counts likeliest.

    Args:
        successes: count of each group, from 0 to its trials.
        trials: count of each group, at least 1.

    Returns:
        (successes + a) / (trials + a + b) for the maximum-likelihood a, b. If the likelihood has no inner maximum, the pooled
        rate for each group: the groups vary no more than by chance, or the data cannot tell them apart.
    """
    prior = fit_prior(successes, trials)
    if prior is None:
        return np.full(len(trials), successes.sum() / trials.sum())
    a, b = prior
    return np.asarray((successes + a) / (trials + a + b), dtype=np.float64)


def fit_prior(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> tuple[float, float] | None:
    """Parameters a, b of the beta prior that maximise the likelihood; None if its maximum is not an inner one.

    Args as for `shrink`.
    """
    k, n = successes.astype(np.float64), trials.astype(np.float64)
    pooled = k.sum() / n.sum()
    if not 0 < pooled < 1:
        return None
    at_pooled = partial(_log_likelihood, logit(pooled), k=k, n=n)
    limits = [at_pooled(np.log(weight))[0] for weight in _WEIGHTS]
    # Slope of the likelihood by 1/weight where the weight is infinite and all rates are the pooled one.
    varies = np.sum(k * (k - 1) / pooled + (n - k) * (n - k - 1) / (1 - pooled) - n * (n - 1)) > 0
    weights = np.linspace(np.log(_WEIGHTS[0]), np.log(_WEIGHTS[1]), 52)[1:-1]
    start = min(weights, key=lambda log_weight: at_pooled(log_weight)[0])
    best = minimize(
        lambda x: _log_likelihood(x[0], x[1], k, n),
        x0=(logit(pooled), start),
        jac=True,
        method="L-BFGS-B",
        bounds=((-30, 30), tuple(np.log(_WEIGHTS))),
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
    )
    mean, weight = expit(best.x[0]), np.exp(best.x[1])
    is_higher = best.fun < limits[0] and (varies or best.fun < limits[1] - 1e-6)
    is_inner = is_higher and 10 * _WEIGHTS[0] < weight < _WEIGHTS[1] / 10
    return (float(mean * weight), float((1 - mean) * weight)) if is_inner else None


def _log_likelihood(
    logit_mean: float, log_weight: float, k: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Minus the log-likelihood without its constant, and its gradient by (logit of the mean, logarithm of the weight)."""
    mean, weight = expit(logit_mean), np.exp(log_weight)
    a, b = mean * weight, (1 - mean) * weight
    value = np.sum(betaln(k + a, n - k + b) - betaln(a, b))
    by_weight = digamma(weight) - digamma(n + weight)
    by_a = np.sum(digamma(k + a) - digamma(a) + by_weight)
    by_b = np.sum(digamma(n - k + b) - digamma(b) + by_weight)
    gradient = np.array([(by_a - by_b) * weight * mean * (1 - mean), by_a * a + by_b * b])
    return -float(value), -gradient
