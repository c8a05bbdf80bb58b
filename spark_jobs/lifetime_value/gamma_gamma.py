"""Gamma-Gamma: what a customer spends on a day on which they buy.

A customer's values are Gamma(p, ν), with ν ~ Gamma(q, v) over customers.
Source: Fader, Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), http://www.brucehardie.com/notes/025/.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, digamma, zeta

from spark_jobs.lifetime_value.likelihood import FEW, SAMPLED, Fit, Vector, blocks, maximise

PARAMETERS = ("p", "q", "v")
_BOUNDS = (1e-7, 1e7)
_DEGENERATE = 1e4


class _LogLikelihood:
    """Log-likelihood of customers with x values of a mean, with its gradient and Hessian by p, q, v."""

    def __init__(self, x: NDArray[np.int64], mean: Vector, customers: Vector) -> None:
        self.total = x * mean
        self.weights = np.column_stack([customers, customers * x])  # of the customers, and of their values
        # Terms that depend on x alone are worked out once for each x.
        counts = np.bincount(x, weights=customers)
        self.x = np.flatnonzero(counts)
        self.n = counts[self.x]
        logs = np.log(mean)
        self.log_mean = float(customers @ logs)
        self.log_total = float(self.weights[:, 1] @ logs + self.n @ (self.x * np.log(self.x)))

    def __call__(self, parameters: Vector) -> tuple[float, Vector, Vector]:
        p, q, v = parameters
        shape, count, values = p * self.x, self.n.sum(), self.n @ self.x
        (logs, logs_x), (once, once_x), (twice, twice_x) = sum(
            (self._sums(rows, v) for rows in blocks(len(self.total))), np.zeros((3, 2))
        )
        below = logs_x + values * np.log(v) - self.log_total  # Σ x·ln(1 + v / total)
        value = -float(self.n @ betaln(q, shape)) - self.log_mean - q * logs - p * below

        both, both_1 = digamma(q + shape), _trigamma(q + shape)
        gradient = np.array(
            [
                self.n @ (self.x * (both - digamma(shape))) - below,
                self.n @ (both - digamma(q)) - logs,
                q * (count / v - once) - p * once_x,
            ]
        )
        d_pq, d_pv, d_qv = self.n @ (self.x * both_1), -once_x, count / v - once
        d_pp = self.n @ (self.x**2 * (both_1 - _trigamma(shape)))
        d_qq = self.n @ (both_1 - _trigamma(q))
        d_vv = q * (twice - count / v**2) + p * twice_x
        return value, gradient, np.array([[d_pp, d_pq, d_pv], [d_pq, d_qq, d_qv], [d_pv, d_qv, d_vv]])

    def _sums(self, rows: slice, v: float) -> Vector:
        """Of ln(1 + total/v), 1/(v + total) and its square: the sums over some customers, and over their values."""
        inverse = 1 / (v + self.total[rows])
        columns = np.stack([np.log1p(self.total[rows] / v), inverse, inverse**2])
        sums: Vector = columns @ self.weights[rows]
        return sums


def _trigamma(z: Vector) -> Vector:
    slope: Vector = zeta(2, z)
    return slope


def fit(x: NDArray[np.int64], mean: Vector, customers: Vector | None = None) -> Fit:
    """Maximum likelihood estimate of p, q, v.

    Args:
        x: number of values of each customer, at least 1.
        mean: their mean, above 0.
        customers: how many have them; 1 each by default.
    """
    x, mean, weights = _in_one_order(x, mean, customers)
    level = float(weights @ mean) / float(weights.sum())
    starts = [np.array(start) for start in ((2, 3, level), (6, 4, level / 4), (1, 20, 20 * level), (20, 2, level / 20))]
    low, high = (np.array([limit, limit, limit * level]) for limit in _BOUNDS)
    some = _LogLikelihood(x[::SAMPLED], mean[::SAMPLED], weights[::SAMPLED]) if len(x) > FEW else None
    return maximise(_LogLikelihood(x, mean, weights), starts, low, high, some)


def _in_one_order(x: NDArray[np.int64], mean: Vector, customers: Vector | None) -> tuple[NDArray[np.int64], Vector, Vector]:
    """The same customers with their weights, in one order for whatever order they came in, so that sums have one value."""
    if customers is not None:
        order = np.lexsort((customers, mean, x))
        return x[order], mean[order], customers[order]
    few_bits = x.astype(np.min_scalar_type(x.max(initial=0)))  # sorted by counting, unlike longer numbers
    mean = mean[np.argsort(few_bits, kind="stable")]
    counts = np.bincount(x)
    ends = np.cumsum(counts)
    for end, count in zip(ends.tolist(), counts.tolist(), strict=True):
        mean[end - count : end].sort()
    return np.repeat(np.arange(len(counts)), counts), mean, np.ones(len(x))


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
