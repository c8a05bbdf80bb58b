"""The model card: one self-contained page that shows how far to trust the day's churn and lifetime models."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from spark_jobs.cohorts import charts
from spark_jobs.cohorts.churn_features import LABEL_DAYS, MINIMUM_CHURNERS, MINIMUM_MERCHANTS
from spark_jobs.cohorts.churn_model import Evaluation, Learned

_DRIFTED = 0.25  # population stability index above which a population is usually said to have shifted (Siddiqi 2006)
_RELIABILITY_BINS = 8
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}"
    "th:first-child,td:first-child{text-align:left}figure{display:inline-block;vertical-align:top;margin:0 1rem 1rem 0}"
    "figcaption{font-size:13px;max-width:24rem}"
)


@dataclass(frozen=True)
class Evidence:
    """What the page shows beside the model itself, all of it summed over merchants.

    Attributes:
        today: by input, share of the day's merchants in each of the parts of `Learned.training`.
        by_frequency: repeat purchases known before the holdout (the last value stands for more), fans, purchases in the
            holdout, and how many were expected.
        by_week: week of the holdout, purchases in it, and how many were expected.
    """

    today: dict[str, list[float]]
    by_frequency: list[tuple[int, int, int, float]]
    by_week: list[tuple[int, int, float]]


def write_model_card(path: Path, as_of: date, learned: Learned, evidence: Evidence) -> None:
    """Write the page; a reader sees the earlier one or this one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(model_card(as_of, learned, evidence), encoding="utf-8")
    os.replace(partial, path)


def model_card(as_of: date, learned: Learned, evidence: Evidence) -> str:
    """The page as HTML."""
    churn = _fallback(learned) if learned.model is None else _churn(learned, evidence)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Model card {as_of}</title><style>{_STYLE}</style>'
        f"<h1>Models of {as_of}</h1>{churn}{_lifetimes(evidence)}</html>\n"
    )


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
        f"{_table(('stage', f'left within {LABEL_DAYS} days'), rows)}<p>Version {html.escape(learned.version)}.</p>"
    )


def _churn(learned: Learned, evidence: Evidence) -> str:
    model = learned.model
    assert model is not None
    drift = {name: stability(learned.training[name][1], shares) for name, shares in evidence.today.items()}
    weights = sorted(zip(model.names, model.weights, strict=True), key=lambda row: -abs(row[1]))
    return (
        f"<h2>Merchant churn</h2><p>Probability that a merchant has neither a paid order nor a login in the next {LABEL_DAYS} "
        f"days. Logistic regression, calibrated, learnt from days {learned.first_day} to {learned.last_day}; a merchant is "
        f"flagged from {learned.threshold:.1%}. Version {html.escape(learned.version)}.</p>"
        f"{_evaluations(learned.evaluations)}"
        + _figure(
            charts.lines(
                {"observed": reliability(learned.later), "perfect": [(0, 0), (1, 1)]},
                "predicted probability",
                "share that left",
            ),
            "Reliability on the later days, which took no part in learning, calibrating or choosing the threshold.",
        )
        + _figure(
            charts.lines(
                {"model": gains(learned.later), "at random": [(0, 0), (1, 1)]},
                "share of merchants called",
                "share of leavers found",
            ),
            "Lift on the later days: how many of those who leave are reached by calling the highest probabilities first.",
        )
        + _figure(
            charts.bars(drift, _DRIFTED),
            "Drift: population stability index of each input between the days learnt from and today. Red has moved.",
        )
        + _table(("input (standardised)", "weight"), [(name, f"{weight:+.3f}") for name, weight in weights])
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
    return _table(head, rows)


def _lifetimes(evidence: Evidence) -> str:
    if not evidence.by_week:
        return "<h2>Fans</h2><p>No merchant has a holdout of a week yet.</p>"
    most = max(row[0] for row in evidence.by_frequency)
    rows = [
        (f"{frequency}{' and more' if frequency == most else ''}", str(fans), str(actual), f"{expected:.1f}")
        for frequency, fans, actual, expected in evidence.by_frequency
    ]
    per_fan = {
        "actual": [(frequency, actual / fans) for frequency, fans, actual, _ in evidence.by_frequency],
        "expected": [(frequency, expected / fans) for frequency, fans, _, expected in evidence.by_frequency],
    }
    weekly = {
        "actual": [(week, float(actual)) for week, actual, _ in evidence.by_week],
        "expected": [(week, expected) for week, _, expected in evidence.by_week],
    }
    return (
        "<h2>Fans</h2><p>BG/NBD, fitted for each merchant on the days before its holdout (the last quarter of its days), "
        "against the purchases that came, all merchants together.</p>"
        + _figure(charts.lines(weekly, "week of the holdout", "purchases"), "By week, over merchants whose holdout covers it.")
        + _figure(
            charts.lines(per_fan, "repeat purchases before the holdout", "purchases a fan"), "By what was known of the fan."
        )
        + _table(("repeat purchases before", "fans", "purchases in the holdout", "expected"), rows)
    )


def _figure(chart: str, caption: str) -> str:
    return f"<figure>{chart}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>{body}</table>"
