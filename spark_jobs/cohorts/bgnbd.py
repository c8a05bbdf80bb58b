"""BG/NBD: how often a customer buys, and whether they still do.

While alive a customer buys at a rate λ ~ Gamma(r, α); after each purchase they leave with probability p ~ Beta(a, b).
Source: Fader, Hardie, Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).

x is the number of repeat purchases, t_x the time of the last one and T the age, both from the first purchase and in weeks.
All sums below are of terms of one sign: parameters may be huge, tiny, or a = 1, without loss of digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaln, expit

from spark_jobs.cohorts.likelihood import Fit, Vector, maximise

PARAMETERS = ("r", "alpha", "a", "b")
# Beyond these a model is its own limit (everybody alike, nobody leaves) to all digits that matter, while the textbook form of
# the expectation, which others may check against, loses its digits.
_LOWER, _UPPER = np.full(4, 1e-7), np.array([1e6, 1e6, 1e5, 1e5])
_FIRST_TERMS = 1 << 15  # of the series in `expected_if_alive`, before quadrature takes over
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True)
class Histories:
    """Customers grouped by equal histories: x, t_x, T (weeks) and how many have them."""

    x: NDArray[np.int64]
    recency: Vector
    age: Vector
    customers: Vector

    @classmethod
    def group(cls, x: Vector, recency: Vector, age: Vector, customers: Vector | None = None) -> Histories:
        """Sort and count; the order of the customers makes no difference to any figure."""
        rows, index = np.unique(np.column_stack([x, recency, age]), axis=0, return_inverse=True)
        weights = np.bincount(index.ravel(), weights=customers, minlength=len(rows)).astype(np.float64)
        return cls(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2], weights)


class _LogLikelihood:
    """Log-likelihood of grouped histories, and its gradient, by the logarithms of r, α, a, b."""

    def __init__(self, histories: Histories) -> None:
        self.x, self.age, self.recency, self.n = histories.x, histories.age, histories.recency, histories.customers
        self.again = self.x > 0
        counts = np.bincount(self.x, weights=self.n)
        self.more = counts.sum() - np.cumsum(counts)[:-1]  # customers with more than i repeat purchases
        self.i = np.arange(len(self.more), dtype=np.float64)

    def terms(self, r: float, alpha: float, a: float, b: float) -> tuple[Vector, Vector]:
        """Logarithms of the two terms: alive since the last purchase, and gone right after it (-inf with no repeat)."""
        alive = -r * np.log1p(self.age / alpha) - self.x * np.log(alpha + self.age)
        gone = np.full_like(alive, -np.inf)
        x, recency = self.x[self.again], self.recency[self.again]
        gone[self.again] = np.log(a / (b + x - 1)) - r * np.log1p(recency / alpha) - x * np.log(alpha + recency)
        return alive, gone

    def __call__(self, logs: Vector) -> tuple[float, Vector]:
        r, alpha, a, b = np.exp(logs)
        alive, gone = self.terms(r, alpha, a, b)
        rising = np.log(r + self.i) - np.log1p(a / (b + self.i))
        value = float(self.more @ rising + self.n @ np.logaddexp(alive, gone))

        left = np.zeros_like(alive)  # probability of having left, given the history
        left[self.again] = expit(gone[self.again] - alive[self.again])
        here, gone_n, alive_n = self.again, self.n * left, self.n * (1 - left)
        d_r = self.more @ (1 / (r + self.i)) - alive_n @ np.log1p(self.age / alpha) - gone_n @ np.log1p(self.recency / alpha)
        d_alpha = alive_n @ _by_alpha(r, alpha, self.x, self.age) + gone_n @ _by_alpha(r, alpha, self.x, self.recency)
        d_a = -self.more @ (1 / (a + b + self.i)) + gone_n.sum() / a
        d_b = self.more @ (a / (b + self.i) / (a + b + self.i)) - gone_n[here] @ (1 / (b + self.x[here] - 1))
        return value, np.array([r * d_r, alpha * d_alpha, a * d_a, b * d_b])


def _by_alpha(r: float, alpha: float, x: NDArray[np.int64], t: Vector) -> Vector:
    slope: Vector = r * t / (alpha * (alpha + t)) - x / (alpha + t)
    return slope


def fit(histories: Histories) -> Fit:
    """Maximum likelihood estimate of r, α, a, b.

    Data without dropout, or with the same rate for everybody, have their maximum at infinity: the estimate then lies at a
    bound of the search, which is the limiting model to within the digits that matter.
    """
    weeks, purchases = float(histories.customers @ histories.age), float(histories.customers @ histories.x)
    scale = min(max(weeks / purchases if weeks and purchases else 1.0, 0.1), 1000.0)
    guesses = ((1, scale, 1, 2), (0.25, scale / 4, 0.8, 2.5), (5, 5 * scale, 0.1, 1), (2, scale, 5, 50))
    starts = [np.array(guess, dtype=np.float64) for guess in guesses]
    return maximise(_LogLikelihood(histories), starts, _LOWER, _UPPER)


def log_likelihoods(parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector) -> Vector:
    """Log-likelihood of each customer."""
    r, _, a, b = parameters
    i = np.arange(int(x.max(initial=0)))
    rising = np.concatenate([[0.0], np.cumsum(np.log(r + i) - np.log1p(a / (b + i)))])
    own: Vector = rising[x] + np.logaddexp(*_LogLikelihood(Histories(x, recency, age, np.ones(len(x)))).terms(*parameters))
    return own


def p_alive(parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector) -> Vector:
    """Probability that a customer still buys; 1 with no repeat purchase, since one can only leave after one."""
    r, alpha, a, b = parameters
    again = x > 0
    odds = np.log(a / (b + np.where(again, x, 1) - 1)) + (r + x) * np.log1p((age - recency) / (alpha + recency))
    probability: Vector = np.where(again, expit(-odds), 1.0)
    return probability


def expected_purchases(parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector, horizon: float) -> Vector:
    """Expected purchases of each customer in the next `horizon` weeks."""
    pairs, index = np.unique(np.column_stack([x, age]), axis=0, return_inverse=True)
    expected: Vector = expected_if_alive(parameters, pairs[:, 0], pairs[:, 1], horizon)[index.ravel()]
    return expected * p_alive(parameters, x, recency, age)


def expected_if_alive(parameters: Vector, x: Vector, age: Vector, horizon: float) -> Vector:
    """Expected purchases in the next `horizon` weeks of customers who are alive.

    Did nobody leave, the purchases N would be negative binomial with shape s = r + x; the (k+1)-th is made if N > k and the
    customer outlives k purchases. So the expectation is Σ_k P(N > k)·M_k = Σ_n P(N = n)·H_n with M_k = (b+x)_k/(a+b+x)_k,
    H_n = M_0 + … + M_{n-1}: the paper's Gaussian hypergeometric form (its equation 10), without its difference.
    With x = 0 and age = 0 it is E[X(t)] of a new customer (equation 9).
    """
    r, alpha, a, b = parameters
    if horizon <= 0:
        return np.zeros(len(x))
    shape, outlived = r + x, b + x
    z = horizon / (alpha + age + horizon)
    log_z, log_none = np.log(z), -shape * np.log1p(horizon / (alpha + age))
    total = np.zeros(len(x))
    # State of each row at n: logarithms of P(N = n) and M_n, and H_n.
    log_p, log_m, h = log_none, np.zeros(len(x)), np.zeros(len(x))
    active = np.arange(len(x))
    start, width = 0, 64
    while active.size and start < _FIRST_TERMS:
        n = np.arange(start, start + width, dtype=np.float64)
        s, lived = shape[active, None], outlived[active, None]
        steps = np.cumsum(np.log((s + n) / (n + 1)) + log_z[active, None], axis=1)
        p_n = np.exp(np.column_stack([log_p[active], log_p[active, None] + steps]))
        none = np.zeros(active.size)
        fall = np.cumsum(np.log1p(a / (lived + n)), axis=1)
        m_n = np.exp(log_m[active, None] - np.column_stack([none, fall]))
        h_n = h[active, None] + np.column_stack([none, np.cumsum(m_n[:, :-1], axis=1)])
        total[active] += (p_n[:, :-1] * h_n[:, :-1]).sum(axis=1)
        log_p[active] += steps[:, -1]
        log_m[active] -= fall[:, -1]
        h[active] = h_n[:, -1]
        start += width
        # From here on each term is at most `ratio` times the one before.
        ratio = z[active] * (s[:, 0] + start) / start
        rest = np.where(ratio < 1, p_n[:, -1] * h_n[:, -1] / np.maximum(1 - ratio, 1e-300), np.inf)
        active = active[rest > 1e-13 * total[active]]
        width = min(2 * width, 1024)
    if active.size:
        total[active] += _far_terms(shape[active], outlived[active], a, alpha + age[active], horizon, h[active], start)
    return total


def _far_terms(shape: Vector, outlived: Vector, a: float, before: Vector, horizon: float, h: Vector, start: int) -> Vector:
    """Σ over n ≥ start of P(N = n)·H_n, by quadrature on panels that double: so far out the terms change slowly.

    Equal to H_start·P(N ≥ start) + Σ over k ≥ start of P(N > k)·M_k.
    """
    not_z = before / (before + horizon)
    total: Vector = h * betaincc(shape, start, not_z)
    left = start - 0.5
    for _ in range(60):
        k = left * (1.5 + _NODES / 2)
        survival = betaincc(shape[:, None], k + 1, not_z[:, None])
        panel = (survival * np.exp(betaln(outlived[:, None] + k, a) - betaln(outlived, a)[:, None])) @ _WEIGHTS * left / 2
        total += panel
        left *= 2
        if np.all(panel <= 1e-14 * total):
            break
    return total
