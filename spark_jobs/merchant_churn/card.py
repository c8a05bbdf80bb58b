"""The churn model's section of the model card: how far to trust the day's probabilities."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np

from spark_jobs.families import plots
from spark_jobs.families.model_card import figure, table
from spark_jobs.merchant_churn.features import LABEL_DAYS, MINIMUM_CHURNERS, MINIMUM_MERCHANTS
from spark_jobs.merchant_churn.model import Evaluation, Learned

_DRIFTED = 0.25  # population stability index above which a population is usually said to have shifted (Siddiqi 2006)
_RELIABILITY_BINS = 8


def section(learned: Learned, today: Mapping[str, Sequence[float]]) -> str:
    """The churn model's part of the model card.

    Args:
        today: by input, share of the day's merchants in each of the parts of `Learned.training`.
    """
    return _fallback(learned) if learned.model is None else _churn(learned, today)


def reliability(later: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Mean probability and share that left, in bins of equal size from the lowest probability to the highest."""
    ordered = sorted(later)
    bins = [part for part in np.array_split(np.arange(len(ordered)), _RELIABILITY_BINS) if len(part)]
    return [(float(np.mean([ordered[i][0] for i in part])), float(np.mean([ordered[i][1] for i in part]))) for part in bins]


def gains(later: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Share of the leavers among the share of merchants with the highest probabilities."""
    left = np.array([has_left for _, has_left in sorted(later, key=lambda row: -row[0])], dtype=float)
    steps = np.linspace(0, len(left), 21).round().astype(int)
    found = np.concatenate([[0.0], np.cumsum(left)]) / max(left.sum(), 1)
    return [(float(step / max(len(left), 1)), float(found[step])) for step in steps]


def stability(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Population stability index of two distributions over the same parts; empty parts count as a half of a percent."""
    old, new = np.maximum(expected, 0.005), np.maximum(actual, 0.005)
    return float(np.sum((new - old) * np.log(new / old)))


def _fallback(learned: Learned) -> str:
    rows = [(stage or "all stages", f"{rate:.1%}") for stage, rate in sorted(learned.stage_rates.items())]
    return (
        f"<h2>Merchant churn</h2><p>There is no model: to learn from it takes {MINIMUM_MERCHANTS} merchants and "
        f"{MINIMUM_CHURNERS} that left, on days whose next {LABEL_DAYS} are over. Each merchant has the base rate of its "
        "stage, and nobody is flagged.</p>"
        f"{table(('stage', f'left within {LABEL_DAYS} days'), rows)}<p>Version {html.escape(learned.version)}.</p>"
    )


def _churn(learned: Learned, today: Mapping[str, Sequence[float]]) -> str:
    model = learned.model
    assert model is not None
    drift = {name: stability(learned.training[name][1], shares) for name, shares in today.items()}
    weights = sorted(zip(model.names, model.weights, strict=True), key=lambda row: -abs(row[1]))
    return (
        f"<h2>Merchant churn</h2><p>Probability that a merchant has neither a paid order nor a login in the next {LABEL_DAYS} "
        f"days. Logistic regression, calibrated, learnt from days {learned.first_day} to {learned.last_day}; a merchant is "
        f"flagged from {learned.threshold:.1%}. Version {html.escape(learned.version)}.</p>"
        f"{_evaluations(learned.evaluations)}"
        + figure(
            plots.lines(
                {"observed": reliability(learned.later), "perfect": [(0, 0), (1, 1)]},
                "predicted probability",
                "share that left",
            ),
            "Reliability on the later days, which took no part in learning, calibrating or choosing the threshold.",
        )
        + figure(
            plots.lines(
                {"model": gains(learned.later), "at random": [(0, 0), (1, 1)]},
                "share of merchants called",
                "share of leavers found",
            ),
            "Lift on the later days: how many of those who leave are reached by calling the highest probabilities first.",
        )
        + figure(
            plots.bars(drift, _DRIFTED),
            "Drift: population stability index of each input between the days learnt from and today. Red has moved.",
        )
        + table(("input (standardised)", "weight"), [(name, f"{weight:+.3f}") for name, weight in weights])
    )


def _evaluations(evaluations: Sequence[Evaluation]) -> str:
    head = ("split", "merchants", "observations", "base rate", "AUC", "Brier", "lift at 10 %", "calibration slope", "threshold")
    rows = [
        (
            row.split.replace("_", " "),
            str(row.merchants),
            str(row.observations),
            *(
                "–" if value is None else f"{value:.3f}"
                for value in (row.base_rate, row.auc, row.brier, row.lift_at_10pct, row.calibration_slope, row.threshold)
            ),
        )
        for row in evaluations
    ]
    return table(head, rows)
