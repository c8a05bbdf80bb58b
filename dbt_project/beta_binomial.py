"""Rates of small groups, shrunk by beta-binomial empirical Bayes (Skellam 1948; Efron, Morris 1975)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, logit

# The prior's weight a + b, in observations, between which a maximum counts as an inner one.
_WEIGHTS = (1e-4, 1e7)
_STARTS = (0.3, 3.0, 30.0, 300.0, 3000.0)


def shrink(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> NDArray[np.float64]:
    """Posterior mean rate of each group under the beta prior that makes the counts likeliest.

    Args:
        successes: count of each group, from 0 to its trials.
        trials: count of each group, at least 1.

    Returns:
        (successes + a) / (trials + a + b) for the maximum-likelihood a, b; the pooled rate for each group where the likelihood
        has no inner maximum: the groups vary no more than by chance, or there is nothing to tell them apart by.
    """
    prior = fit_prior(successes, trials)
    if prior is None:
        return np.full(len(trials), successes.sum() / trials.sum())
    a, b = prior
    return np.asarray((successes + a) / (trials + a + b), dtype=np.float64)


def fit_prior(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> tuple[float, float] | None:
    """Parameters a, b of the beta prior that maximise the likelihood; None where no inner maximum is the highest."""
    k, n = successes.astype(np.float64), trials.astype(np.float64)
    pooled = k.sum() / n.sum()
    if not 0 < pooled < 1:
        return None
    limits = [-_log_likelihood(logit(pooled), np.log(weight), k, n)[0] for weight in _WEIGHTS]
    best = None
    for weight in _STARTS:
        found = minimize(
            lambda x: _log_likelihood(x[0], x[1], k, n),
            x0=(logit(pooled), np.log(weight)),
            jac=True,
            method="L-BFGS-B",
            bounds=((-30, 30), tuple(np.log(_WEIGHTS))),
            options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    mean, weight = expit(best.x[0]), np.exp(best.x[1])
    is_inner = _WEIGHTS[0] * 10 < weight < _WEIGHTS[1] / 10 and -best.fun > max(limits) + 1e-9
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
