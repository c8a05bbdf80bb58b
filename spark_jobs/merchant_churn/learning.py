"""Learn which merchants will have neither an order nor a login in the next 30 days.

Everything is split by time. Predictions for a past day come from a model that learnt only what was known on that day: labels
of days at least 30 days before. Such forward predictions choose the regularisation, calibrate (Platt 1999) and set the
threshold; the last quarter of the days is kept for the evaluation and takes part in none of this.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from spark_jobs.merchant_churn.features import ALL_INPUTS, LABEL_DAYS, MINIMUM_CHURNERS, MINIMUM_MERCHANTS, inputs
from spark_jobs.merchant_churn.model import SMALLEST, Evaluation, Learned, Model, Vector, matrix, part_of

SILENCE_ALONE = ("order_silence",)
_STRENGTHS = (0.003, 0.01, 0.03, 0.1)  # inverse regularisation
_BLOCKS = 6  # of days for forward predictions
_RECENT_BLOCKS = 3  # the last of them calibrate: like the final model, theirs have learnt from nearly all days
_PRIOR = 17.0  # weight of the prior "already calibrated", in observations; a leaver is observed about four times


@dataclass(frozen=True)
class _Sample:
    """Labelled observations, one entry each: merchant, day (ordinal), the model's inputs, and whether the merchant left."""

    merchants: NDArray[np.object_]
    days: NDArray[np.int64]
    weighed: Mapping[str, Vector]
    has_left: NDArray[np.bool_]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> _Sample:
        days = np.array([day.toordinal() for day in frame["day"]], dtype=np.int64)
        return cls(frame["merchant_id"].to_numpy(object), days, inputs(frame), frame["has_left"].to_numpy(bool))

    def where(self, chosen: NDArray[Any]) -> _Sample:
        """The observations that a mask or positions choose."""
        weighed = {name: values[chosen] for name, values in self.weighed.items()}
        return _Sample(self.merchants[chosen], self.days[chosen], weighed, self.has_left[chosen])

    @property
    def churners(self) -> int:
        return len(set(self.merchants[self.has_left]))

    @property
    def has_both(self) -> bool:
        return bool(self.has_left.any() and not self.has_left.all())


@dataclass(frozen=True)
class _Forward:
    """Predictions as they would have been made on their day: positions in the sample, block of days, log-odds."""

    strength: float
    at: NDArray[np.int64]
    block: NDArray[np.int64]
    logits: Vector


def learn(observed: pd.DataFrame, capacity: int, fixed_threshold: float | None = None) -> Learned:
    """Learn from all labelled observations.

    Args:
        observed: see `merchant_days.observations`.
        capacity: how many merchants may be flagged a day.
        fixed_threshold: used instead of the one that the training side would choose.
    """
    labelled = observed[observed["has_left"].notna()].sort_values(["day", "merchant_id"], ignore_index=True)
    labelled = labelled.assign(has_left=labelled["has_left"].astype(bool))
    stage_rates = {str(stage): float(rate) for stage, rate in labelled.groupby("stage")["has_left"].mean().items()}
    stage_rates[""] = float(labelled["has_left"].mean()) if len(labelled) else 0.0
    known = _Sample.of(labelled[labelled["stage"] != "churned"])
    first, last = (
        (date.fromordinal(day).isoformat() for day in known.days[[0, -1]].tolist()) if len(known.days) else (None, None)
    )
    if len(set(known.merchants)) < MINIMUM_MERCHANTS or known.churners < MINIMUM_CHURNERS:
        version = f"fallback-base-rate-{_digest(first, last, sorted(stage_rates.items()))}"
        return Learned(version, None, None, stage_rates, [_summary("train", known)], first, last)

    days = np.unique(known.days)
    later_from = days[len(days) - max(len(days) // 4, 1)]
    train, later = known.where(known.days <= later_from - LABEL_DAYS), known.where(known.days >= later_from)
    evaluations, threshold, curve = _evaluate(train, later, capacity, fixed_threshold)
    forward = _predict_forward(known, ALL_INPUTS)
    model = _calibrated(_fit(known, ALL_INPUTS, forward.strength), known, forward)
    if threshold is None:
        threshold = _threshold(known, model.probabilities(known.weighed), capacity, fixed_threshold)
    version = f"logistic-{_digest(first, last, asdict(model), threshold)}"
    return Learned(version, model, threshold, stage_rates, evaluations, first, last, curve, _deciles(known.weighed))


def lift(has_left: NDArray[np.bool_], probabilities: Vector, share: float) -> float:
    """Rate of leavers among the ⌈share·n⌉ highest probabilities, over the rate among all; ties at the edge count in part."""
    n = int(np.ceil(share * len(probabilities)))
    edge = np.sort(probabilities)[-n]
    above, tied = probabilities > edge, probabilities == edge
    found = has_left[above].sum() + has_left[tied].mean() * (n - above.sum())
    return float(found / n / has_left.mean())


def _fit(sample: _Sample, names: Sequence[str], strength: float) -> Model:
    columns = matrix(sample.weighed, names)
    means, spread = columns.mean(axis=0), columns.std(axis=0)
    scales = np.where(spread > 1e-6, spread, 1.0)
    regression = LogisticRegression(C=strength, solver="newton-cholesky").fit((columns - means) / scales, sample.has_left)
    return Model(
        names=tuple(names),
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        weights=tuple(regression.coef_[0].tolist()),
        intercept=float(regression.intercept_[0]),
        slope=1.0,
        shift=0.0,
        strength=strength,
    )


def _predict_forward(sample: _Sample, names: Sequence[str]) -> _Forward:
    """Predict each block of days with a model of the labels known on its first day, at the best regularisation.

    Blocks before which fewer than three merchants had left are not predicted.
    """
    blocks = []
    for days in np.array_split(np.unique(sample.days), _BLOCKS):
        past = sample.where(sample.days <= days[0] - LABEL_DAYS) if len(days) else None
        if past is not None and past.has_both and past.churners >= 3:
            blocks.append((past, np.flatnonzero(np.isin(sample.days, days))))
    if not blocks:
        none = np.array([], dtype=np.int64)
        return _Forward(_STRENGTHS[len(_STRENGTHS) // 2], none, none, np.array([]))
    at = np.concatenate([now for _, now in blocks])
    block = np.repeat(np.arange(len(blocks)), [len(now) for _, now in blocks])
    sign = np.where(sample.has_left[at], -1.0, 1.0)
    tried = []
    for strength in _STRENGTHS:
        models = (_fit(past, names, strength) for past, _ in blocks)
        chances = [model.probabilities(sample.where(now).weighed) for model, (_, now) in zip(models, blocks, strict=True)]
        logits = logit(np.concatenate(chances))
        tried.append((float(np.logaddexp(0, sign * logits).mean()), _Forward(strength, at, block, logits)))
    return min(tried, key=lambda attempt: attempt[0])[1]


def _calibrated(model: Model, sample: _Sample, forward: _Forward) -> Model:
    """Platt's slope and shift from the recent forward predictions, shrunk towards 1 and 0 if these are few."""
    recent = forward.block > forward.block.max(initial=0) - _RECENT_BLOCKS
    has_left = sample.has_left[forward.at[recent]]
    if has_left.all() or not has_left.any():
        return model
    slope, shift = _platt(forward.logits[recent], has_left, _PRIOR)
    return replace(model, slope=max(slope, 0.1), shift=shift)


def _platt(logits: Vector, has_left: NDArray[np.bool_], prior: float) -> tuple[float, float]:
    """Slope and shift of highest posterior, with normal priors around 1 and 0 of the precision `prior`."""
    sign = np.where(has_left, -1.0, 1.0)

    def loss(x: Vector) -> tuple[float, Vector]:
        margin = sign * (x[0] * logits + x[1])
        pull = sign * expit(margin)
        value = np.logaddexp(0, margin).sum() + prior * ((x[0] - 1) ** 2 + x[1] ** 2) / 2
        return float(value), np.array([pull @ logits + prior * (x[0] - 1), pull.sum() + prior * x[1]])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    return float(found.x[0]), float(found.x[1])


def _evaluate(
    train: _Sample, later: _Sample, capacity: int, fixed_threshold: float | None
) -> tuple[list[Evaluation], float | None, list[tuple[float, bool]]]:
    """Learn on the training side, predict the later one; the same with days since the last order alone.

    Returns:
        The evaluations, the threshold of the training side (None if that side is too small), and the later curve.
    """
    if not train.has_both:
        return [_summary("train", train), _summary("later", later)], None, []
    evaluations, threshold, curve = [], None, []
    for names, suffix in ((ALL_INPUTS, ""), (SILENCE_ALONE, "_days_since_last_order")):
        forward = _predict_forward(train, names)
        model = _calibrated(_fit(train, names, forward.strength), train, forward)
        predicted, chances = train.where(forward.at), expit(model.slope * forward.logits + model.shift)
        if not predicted.has_both:
            predicted, chances = train, model.probabilities(train.weighed)
        limit = _threshold(predicted, chances, capacity, fixed_threshold)
        later_chances = model.probabilities(later.weighed)
        if names == ALL_INPUTS:
            threshold = limit
            curve = list(zip(later_chances.tolist(), later.has_left.tolist(), strict=True))
            evaluations.append(_measured("train", predicted, chances, limit))
        evaluations.append(_measured(f"later{suffix}", later, later_chances, limit))
    return evaluations, threshold, curve


def _threshold(sample: _Sample, probabilities: Vector, capacity: int, fixed: float | None) -> float:
    """The probability from which to flag: best for F1, and high enough that no day exceeds the capacity for calls.

    For calibrated probabilities the best threshold is half of the best F1 (Lipton, Elkan, Naryanaswamy 2014). With few
    observations this is more stable than the threshold that happens to be best on them.
    """
    if fixed is not None:
        return fixed
    order = np.argsort(-probabilities, kind="stable")
    falling, hits = probabilities[order], np.cumsum(sample.has_left[order])
    best_f1 = np.max(2 * hits / (np.arange(1, len(order) + 1) + sample.has_left.sum()))
    rank_in_day = pd.Series(-probabilities).groupby(sample.days).rank(method="max").to_numpy()[order]
    callable_ = falling[np.maximum.accumulate(rank_in_day) <= capacity]
    return float(max(best_f1 / 2, callable_[-1] if len(callable_) else falling[0]))


def _summary(split: str, sample: _Sample) -> Evaluation:
    base = float(sample.has_left.mean()) if len(sample.days) else None
    return Evaluation(split, len(set(sample.merchants)), len(sample.days), base)


def _measured(split: str, sample: _Sample, probabilities: Vector, threshold: float) -> Evaluation:
    brier = float(np.mean((probabilities - sample.has_left) ** 2))
    over_half = probabilities > 0.5
    basis = replace(
        _summary(split, sample),
        threshold=threshold,
        brier=brier,
        over_half=int(over_half.sum()),
        over_half_left=int(sample.has_left[over_half].sum()),
    )
    if not sample.has_both:
        return basis
    slope, _ = _platt(logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST)), sample.has_left, 1e-6)
    return replace(
        basis,
        auc=float(roc_auc_score(sample.has_left, probabilities)),
        lift_at_10pct=lift(sample.has_left, probabilities, 0.1),
        calibration_slope=slope,
    )


def _deciles(weighed: Mapping[str, Vector]) -> dict[str, tuple[list[float], list[float]]]:
    """Edges between the deciles of each input, and the share of the observations in each part."""
    deciles = {}
    for name, values in weighed.items():
        edges = np.unique(np.quantile(values, np.arange(1, 10) / 10)).tolist()
        counts = np.bincount(part_of(values, edges), minlength=len(edges) + 1)
        deciles[name] = (edges, (counts / len(values)).tolist())
    return deciles


def _digest(*parts: object) -> str:
    """Twelve hex digits of a SHA-256 over the code of the model and `parts`."""
    here = Path(__file__).parent
    code = [statements((here / name).read_text()) for name in ("features.py", "learning.py", "model.py", "merchant_days.py")]
    return hashlib.sha256("\0".join([*code, json.dumps([ALL_INPUTS, *parts])]).encode()).hexdigest()[:12]


def statements(source: str) -> str:
    """What a module does, as its syntax tree without comments, docstrings, layout and imports."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [statement for statement in node.body if not _does_nothing(statement)]
    return ast.dump(tree)


def _does_nothing(statement: ast.stmt) -> bool:
    """Whether a statement is an import or a bare string."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text or isinstance(statement, ast.Import | ast.ImportFrom)
