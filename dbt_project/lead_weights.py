"""Weights for the rules of lead scoring, learnt from who bought: a penalised logistic regression (Hoerl, Kennard 1970)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_CONVERTED = 20  # leads that bought, to learn from


def suggest(
    parts: NDArray[np.float64], is_converted: NDArray[np.bool_], points: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Points of each rule by which the score tells best who buys, as large together as those that hold.

    Args:
        parts: what each rule (column) gives to each lead (row).
        is_converted: whether the lead bought.
        points: of each rule.

    Returns:
        Points, below 0 where fewer buy; a lead's new part is its part × new / old. None with too few leads that bought, if
        nobody did not, or if no rule tells leads apart.
    """
    if is_converted.sum() < LEAST_CONVERTED or is_converted.all():
        return None
    spreads = parts.std(axis=0)
    tells = (spreads > 0) & (points != 0)
    if not tells.any():
        return None
    # Imported where it is needed: it takes longer than the build of a small day's leads.
    from sklearn.linear_model import LogisticRegression

    # By unit spread the penalty is the same for rules of few and of many points.
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=100)
    model.fit(parts[:, tells] / spreads[tells], is_converted)
    suggested = np.zeros(len(points))
    suggested[tells] = points[tells] * model.coef_[0] / spreads[tells]
    size = np.abs(suggested).sum()
    return np.asarray(suggested * points.sum() / size) if size > 0 else None
