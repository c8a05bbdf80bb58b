"""BG/NBD: how often a customer buys, and whether they still do.

While alive a customer buys at a rate λ ~ Gamma(r, α); after each purchase they leave with probability p ~ Beta(a, b).
Source: Fader, Hardie, Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).

x is the number of repeat purchases, t_x the time of the last one and T the age, both from the first purchase and in weeks.
The terms of each sum below have one sign, so no digits are lost where parameters are huge, tiny, or a = 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaincc, betaln, expit

from spark_jobs.lifetime_value.likelihood import FEW, SAMPLED, Fit, Vector, blocks, maximise

PARAMETERS = ("r", "alpha", "a", "b")
# Beyond these bounds a model equals its limit (everybody alike, nobody leaves) in all digits that matter, while the textbook
# form of the expectation, which others may compare with, loses digits.
_LOWER, _UPPER = np.full(4, 1e-7), np.array([1e6, 1e6, 1e5, 1e5])
_LOWER_HALF = np.tril_indices(4, -1)
_FIRST_TERMS = 1 << 15  # of the series in `expected_if_alive`, before quadrature takes over
_COUNTABLE = 16  # possible histories a customer, up to which histories are counted (bincount) rather than sorted
_FEW_DAYS = 10_000  # days up to this number are counted even if there are fewer customers
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True)
class Histories:
    """Customers grouped by equal histories (x, t_x, T).

    Times are positions in a table of distinct times, so that a logarithm is taken once for each.

    Attributes:
        x: repeat purchases of each history.
        recency_at, age_at: positions of its t_x and T in `recencies` and `ages`.
        recencies, ages: the distinct times, rising, in weeks.
        customers: how many have the history.
    """

    x: NDArray[np.int64]
    recency_at: NDArray[np.int64]
    age_at: NDArray[np.int64]
    recencies: Vector
    ages: Vector
    customers: Vector

    @classmethod
    def group(cls, x: Vector, recency: Vector, age: Vector, customers: Vector | None = None) -> Histories:
        """Group customers by history; their order does not change any figure.

        Args:
            x: repeat purchases, recency, age: in weeks; each one entry a customer.
            customers: how many each entry stands for; 1 by default.
        """
        each_x = x.astype(np.int64)
        (recency_at, recencies), (age_at, ages) = _numbered(recency), _numbered(age)
        if len(x) == 0:
            return cls(each_x, recency_at, age_at, recencies, ages, np.zeros(0))
        shape = (int(each_x.max()) + 1, len(recencies), len(ages))
        keys = (each_x * shape[1] + recency_at) * shape[2] + age_at
        if np.prod(shape) <= _COUNTABLE * len(x):
            weights = np.bincount(keys, weights=customers)
            keys = np.flatnonzero(weights)
            weights = weights[keys]
        else:
            keys, index = np.unique(keys, return_inverse=True)
            weights = np.bincount(index, weights=customers)
        each_x, each_recency, each_age = np.unravel_index(keys, shape)
        return cls(each_x, each_recency, each_age, recencies, ages, weights.astype(np.float64))

    def every(self, step: int) -> Histories:
        """Every `step`-th history, as a sample."""
        kept = {name: getattr(self, name)[::step] for name in ("x", "recency_at", "age_at", "customers")}
        return replace(self, **kept)


def _numbered(weeks: Vector) -> tuple[NDArray[np.int64], Vector]:
    """Times as positions in a rising table of distinct times. They are mostly whole days, which are counted, not hashed."""
    days = np.rint(weeks * 7).astype(np.int64)
    if days.max(initial=0) < max(len(days), _FEW_DAYS) and np.array_equal(days / 7, weeks):
        occurs = np.bincount(days) > 0
        return (np.cumsum(occurs) - 1)[days], np.flatnonzero(occurs) / 7
    positions, table = pd.factorize(weeks, sort=True)
    return positions, table


class _Times:
    """L(t) = ln(1 + t/α) of a table of times; its first derivative by α is −`slope`, its second `curvature`."""

    def __init__(self, times: Vector, alpha: float) -> None:
        self.log = np.log1p(times / alpha)
        self.slope = times / (alpha * (alpha + times))
        self.curvature = times * (2 * alpha + times) / (alpha * (alpha + times)) ** 2


class _LogLikelihood:
    """Log-likelihood of grouped histories with its gradient and Hessian by r, α, a, b.

    A history has two explanations: alive since the last purchase, or gone right after it (not with x = 0).
    With L(t) = ln(1 + t/α) they are −(r+x)·L(T) − x·ln α and ln(a/(b+x−1)) − (r+x)·L(t_x) − x·ln α.
    """

    def __init__(self, histories: Histories) -> None:
        self.histories = histories
        again = histories.x > 0
        self.once_n = np.bincount(histories.age_at[~again], weights=histories.customers[~again], minlength=len(histories.ages))
        self.x, self.n = histories.x[again].astype(np.float64), histories.customers[again]
        self.age_at, self.recency_at = histories.age_at[again], histories.recency_at[again]
        counts = np.bincount(histories.x, weights=histories.customers)
        self.more = counts.sum() - np.cumsum(counts)[:-1]  # customers with more than i repeat purchases
        self.i = np.arange(len(self.more), dtype=np.float64)
        self.purchases = float(self.n @ self.x)

    def __call__(self, parameters: Vector) -> tuple[float, Vector, Vector]:
        r, alpha, a, b = parameters
        value, gradient, hessian = self._rising(r, a, b)
        ages, recencies = (_Times(table, alpha) for table in (self.histories.ages, self.histories.recencies))
        value -= r * float(self.once_n @ ages.log) + self.purchases * np.log(alpha)
        gradient += [-self.once_n @ ages.log, r * self.once_n @ ages.slope - self.purchases / alpha, 0, 0]
        hessian[0, 1] += self.once_n @ ages.slope
        hessian[1, 1] -= r * self.once_n @ ages.curvature - self.purchases / alpha**2
        for rows in blocks(len(self.n)):
            value += self._returned(rows, parameters, ages, recencies, gradient, hessian)
        hessian[_LOWER_HALF] = hessian.T[_LOWER_HALF]
        return value, gradient, hessian

    def _returned(
        self, rows: slice, parameters: Vector, ages: _Times, recencies: _Times, gradient: Vector, hessian: Vector
    ) -> float:
        """Log-likelihood of some histories with repeat purchases; adds to the gradient and the upper half of the Hessian."""
        r, _, a, b = parameters
        n, x, age_at, recency_at = self.n[rows], self.x[rows], self.age_at[rows], self.recency_at[rows]
        shape, inverse = r + x, 1 / (b + x - 1)
        own_age, own_1, own_2 = ages.log[age_at], ages.slope[age_at], ages.curvature[age_at]
        span = own_age - recencies.log[recency_at]
        odds = np.log(a * inverse) + shape * span
        small = np.exp(-np.abs(odds))
        left = np.where(odds > 0, 1, small) / (1 + small)  # probability of having left, given the history

        n_left, of_n = n * left, n * shape
        turn = recencies.slope[recency_at] - own_1  # of the span by α
        slope = shape * turn  # of the odds by α
        gradient += [
            n_left @ span - n @ own_age,
            n_left @ slope + of_n @ own_1,
            n_left.sum() / a,
            -n_left @ inverse,
        ]
        hessian[0, 1] += n_left @ turn + n @ own_1
        hessian[1, 1] += (n_left * shape) @ (own_2 - recencies.curvature[recency_at]) - of_n @ own_2
        hessian[2, 2] -= n_left.sum() / a**2
        hessian[3, 3] += n_left @ (inverse * inverse)

        n_both = n_left * (1 - left)
        slopes = (span, slope, None, inverse)  # of the odds by each parameter; by a it is 1/a, by b its negative
        signs = (1, 1, 1 / a, -1)
        for i, one in enumerate(slopes):
            weighed = n_both if one is None else n_both * one
            for j, other in enumerate(slopes[: i + 1]):
                hessian[j, i] += signs[i] * signs[j] * (weighed.sum() if other is None else weighed @ other)
        return float(n @ (np.maximum(odds, 0) + np.log(1 + small) - shape * own_age))

    def _rising(self, r: float, a: float, b: float) -> tuple[float, Vector, Vector]:
        """The part that does not depend on times: ln of Γ(r+x)·Γ(b+x)·Γ(a+b) / (Γ(r)·Γ(b)·Γ(a+b+x)), as sums of one sign."""
        of_r, of_b, of_both = 1 / (r + self.i), 1 / (b + self.i), 1 / (a + b + self.i)
        value = float(self.more @ (np.log(r + self.i) - np.log1p(a * of_b)))
        gradient = np.array([self.more @ of_r, 0, -self.more @ of_both, self.more @ (a * of_b * of_both)])
        hessian = np.zeros((4, 4))
        hessian[0, 0] = -self.more @ of_r**2
        hessian[2, 2] = hessian[2, 3] = self.more @ of_both**2
        hessian[3, 3] = -self.more @ (a * of_b * of_both * (of_b + of_both))
        return value, gradient, hessian


def fit(histories: Histories) -> Fit:
    """Maximum likelihood estimate of r, α, a, b.

    Data without dropout, or with the same rate for everybody, have their maximum at infinity: the estimate then lies at a
    bound of the search, which is the limiting model to within the digits that matter.
    """
    weeks = float(histories.customers @ histories.ages[histories.age_at])
    purchases = float(histories.customers @ histories.x)
    scale = min(max(weeks / purchases if weeks and purchases else 1.0, 0.1), 1000.0)
    guesses = ((1, scale, 1, 2), (0.25, scale / 4, 0.8, 2.5), (5, 5 * scale, 0.1, 1), (2, scale, 5, 50))
    starts = [np.array(guess, dtype=np.float64) for guess in guesses]
    some = _LogLikelihood(histories.every(SAMPLED)) if len(histories.x) > FEW else None
    return maximise(_LogLikelihood(histories), starts, _LOWER, _UPPER, some)


def log_likelihoods(parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector) -> Vector:
    """Log-likelihood of each customer; times in weeks."""
    r, alpha, a, b = parameters
    i = np.arange(int(x.max(initial=0)))
    rising = np.concatenate([[0.0], np.cumsum(np.log(r + i) - np.log1p(a / (b + i)))])
    alive = -r * np.log1p(age / alpha) - x * np.log(alpha + age)
    again = x > 0
    odds = np.log(a / (b + np.where(again, x, 1) - 1)) + (r + x) * (np.log1p(age / alpha) - np.log1p(recency / alpha))
    own: Vector = rising[x] + alive + np.where(again, np.logaddexp(0, odds), 0.0)
    return own


def p_alive(parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector) -> Vector:
    """Probability that a customer is still alive; 1 without a repeat purchase, since BG/NBD lets nobody leave before one."""
    r, alpha, a, b = parameters
    again = x > 0
    odds = np.log(a / (b + np.where(again, x, 1) - 1)) + (r + x) * np.log1p((age - recency) / (alpha + recency))
    probability: Vector = np.where(again, expit(-odds), 1.0)
    return probability


def expected_purchases(
    parameters: Vector, x: NDArray[np.int64], recency: Vector, age: Vector, horizon: float | Vector
) -> Vector:
    """Expected purchases of each customer in the next `horizon` weeks, of all or of each customer; times in weeks."""
    (each_x, each_age, each_horizon), index = distinct(x, age, np.broadcast_to(horizon, x.shape))
    expected: Vector = expected_if_alive(parameters, each_x, each_age, each_horizon)[index]
    return expected * p_alive(parameters, x, recency, age)


def distinct(*columns: NDArray[Any]) -> tuple[list[Vector], NDArray[np.int64]]:
    """The distinct rows of some columns.

    Returns:
        The columns of the distinct rows, and by row the position of its equal.
    """
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        at, values = pd.factorize(column)
        keys = pd.factorize(keys * len(values) + at)[0]
    _, first = np.unique(keys, return_index=True)
    return [column[first].astype(np.float64) for column in columns], keys


def expected_if_alive(parameters: Vector, x: Vector, age: Vector, horizon: float | Vector) -> Vector:
    """Expected purchases in the next `horizon` weeks, of all or of each, of customers who are alive.

    If nobody left, the number of purchases N would be negative binomial with shape s = r + x. The (k+1)-th purchase is made
    if N > k and the customer outlives k purchases. So the expectation is Σ_k P(N > k)·M_k = Σ_n P(N = n)·H_n with
    M_k = (b+x)_k/(a+b+x)_k and H_n = M_0 + … + M_{n-1}: the paper's Gaussian hypergeometric form (its equation 10), without
    its difference. With x = 0 and age = 0 it is E[X(t)] of a new customer (equation 9). No customer's figure depends on whom it
    is worked out with, not in its last digit.
    """
    r, alpha, a, b = parameters
    horizon = np.broadcast_to(horizon, x.shape)
    total = np.zeros(len(x))
    is_ahead = horizon > 0
    if not is_ahead.all():
        if is_ahead.any():
            total[is_ahead] = expected_if_alive(parameters, x[is_ahead], age[is_ahead], horizon[is_ahead])
        return total
    shape, outlived = r + x, b + x
    z = horizon / (alpha + age + horizon)
    log_z, log_none = np.log(z), -shape * np.log1p(horizon / (alpha + age))
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
        total[active] += _far_terms(shape[active], outlived[active], a, alpha + age[active], horizon[active], h[active], start)
    return total


def _far_terms(shape: Vector, outlived: Vector, a: float, before: Vector, horizon: Vector, h: Vector, start: int) -> Vector:
    """Σ over n ≥ start of P(N = n)·H_n, by quadrature on panels that double: so far out the terms change slowly.

    Equal to H_start·P(N ≥ start) + Σ over k ≥ start of P(N > k)·M_k.
    """
    not_z = before / (before + horizon)
    total: Vector = h * betaincc(shape, start, not_z)
    active = np.arange(len(shape))
    left = start - 0.5
    for _ in range(60):
        k = left * (1.5 + _NODES / 2)
        s, lived = shape[active, None], outlived[active, None]
        survival = betaincc(s, k + 1, not_z[active, None])
        terms = survival * np.exp(betaln(lived + k, a) - betaln(lived, a)) * _WEIGHTS
        panel = terms.sum(axis=1) * left / 2  # not a product of matrices, whose last digits depend on the other rows
        total[active] += panel
        active = active[panel > 1e-14 * total[active]]
        if not active.size:
            break
        left *= 2
    return total
