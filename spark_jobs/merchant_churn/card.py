"""The churn model's section of the model card: how far to trust the day's probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spark_jobs.families import plots
from spark_jobs.families.model_card import render
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
    return render(
        "merchant_churn/card.html.j2",
        learned=learned,
        label_days=LABEL_DAYS,
        minimum_merchants=MINIMUM_MERCHANTS,
        minimum_churners=MINIMUM_CHURNERS,
        rates=[(stage or "all stages", f"{rate:.1%}") for stage, rate in sorted(learned.stage_rates.items())],
    )


def _churn(learned: Learned, today: Mapping[str, Sequence[float]]) -> str:
    model = learned.model
    assert model is not None
    drift = {name: stability(learned.training[name][1], shares) for name, shares in today.items()}
    weights = sorted(zip(model.names, model.weights, strict=True), key=lambda row: -abs(row[1]))
    return render(
        "merchant_churn/card.html.j2",
        learned=learned,
        label_days=LABEL_DAYS,
        threshold=f"{learned.threshold:.1%}",
        evaluations=[_evaluation(row) for row in learned.evaluations],
        reliability=plots.lines(
            {"observed": reliability(learned.later), "perfect": [(0, 0), (1, 1)]},
            "predicted probability",
            "share that left",
        ),
        gains=plots.lines(
            {"model": gains(learned.later), "at random": [(0, 0), (1, 1)]},
            "share of merchants called",
            "share of leavers found",
        ),
        drift=plots.bars(drift, _DRIFTED),
        weights=[(name, f"{weight:+.3f}") for name, weight in weights],
    )


def _evaluation(row: Evaluation) -> tuple[str, ...]:
    measures = (row.base_rate, row.auc, row.brier, row.lift_at_10pct, row.calibration_slope, row.threshold)
    return (
        row.split.replace("_", " "),
        str(row.merchants),
        str(row.observations),
        *("–" if value is None else f"{value:.3f}" for value in measures),
    )
