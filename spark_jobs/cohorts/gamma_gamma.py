"""Gamma-Gamma: what a customer spends on a day on which they buy.

A customer's values are Gamma(p, ν), with ν ~ Gamma(q, v) over customers.
Source: Fader, Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), http://www.brucehardie.com/notes/025/.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, digamma

from spark_jobs.cohorts.likelihood import Fit, Vector, maximise

PARAMETERS = ("p", "q", "v")
_BOUNDS = (1e-7, 1e7)
_DEGENERATE = 1e4


class _LogLikelihood:
    """Log-likelihood of customers with x values of a mean, and its gradient, by the logarithms of p, q, v."""

    def __init__(self, x: NDArray[np.int64], mean: Vector, customers: Vector) -> None:
        order = np.lexsort((mean, x))
        self.x, self.n = x[order].astype(np.float64), customers[order]
        self.total = self.x * mean[order]
        self.logs = float(self.n @ np.log(mean[order]))
        # Terms that depend on x alone are worked out once for each x.
        self.each_x, index = np.unique(self.x, return_inverse=True)
        self.each_n = np.bincount(index, weights=self.n)

    def __call__(self, logs: Vector) -> tuple[float, Vector]:
        p, q, v = np.exp(logs)
        shape = p * self.each_x
        above, below = np.log1p(self.total / v), np.log1p(v / self.total)
        value = -float(self.each_n @ betaln(q, shape)) - self.logs - float(self.n @ (q * above + p * self.x * below))
        both = digamma(q + shape)
        d_p = self.each_n @ (self.each_x * (both - digamma(shape))) - self.n @ (self.x * below)
        d_q = self.each_n @ (both - digamma(q)) - self.n @ above
        d_v = self.n @ ((q * self.total / v - p * self.x) / (v + self.total))
        return value, np.array([p * d_p, q * d_q, v * d_v])


def fit(x: NDArray[np.int64], mean: Vector, customers: Vector | None = None) -> Fit:
    """Maximum likelihood estimate of p, q, v.

    Args:
        x: number of values of each customer, at least 1.
        mean: their mean, above 0.
        customers: how many have them; 1 each by default.
    """
    weights = np.ones(len(x)) if customers is None else customers
    level = float(weights @ mean) / float(weights.sum())
    starts = [np.array(start) for start in ((2, 3, level), (6, 4, level / 4), (1, 20, 20 * level), (20, 2, level / 20))]
    low, high = (np.array([limit, limit, limit * level]) for limit in _BOUNDS)
    return maximise(_LogLikelihood(x, mean, weights), starts, low, high)


def is_degenerate(parameters: Vector) -> bool:
    """Whether values hardly vary within or between customers: then the likelihood grows without end."""
    return bool(parameters[0] > _DEGENERATE and parameters[1] > _DEGENERATE)


def log_likelihoods(parameters: Vector, x: NDArray[np.int64], mean: Vector) -> Vector:
    """Log-likelihood of each customer with x values of a mean."""
    p, q, v = parameters
    total = x * mean
    own: Vector = -betaln(q, p * x) - np.log(mean) - q * np.log1p(total / v) - p * x * np.log1p(v / total)
    return own


def expected_value(parameters: Vector, x: NDArray[np.int64], mean: Vector) -> Vector:
    """Expected value of a future purchase, given x values of a mean (any mean where x is 0); nan where it is infinite."""
    p, q, v = parameters
    rest = p * x + q - 1
    expected: Vector = np.where(rest > 0, p * (v + mean * x) / np.where(rest > 0, rest, 1), np.nan)
    return expected
