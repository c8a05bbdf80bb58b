"""Which merchants will have neither an order nor a login in the next 30 days: a calibrated logistic regression.

Everything is split in time. Predictions for a past day come from a model that learnt only what was known on it: labels of
days at least 30 days before. Such forward predictions choose the regularisation, calibrate (Platt 1999) and set the
threshold; the last quarter of the days is kept for the evaluation and takes part in none of this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from spark_jobs.cohorts.churn_features import FEATURES, TOPICS, inputs

Vector = NDArray[np.float64]

LABEL = timedelta(days=30)
MINIMUM_MERCHANTS, MINIMUM_CHURNERS = 50, 10
ALL_INPUTS = tuple(name for names, _ in TOPICS.values() for name in names)
SILENCE_ALONE = ("order_silence",)
_STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # inverse regularisation
_BLOCKS = 8  # of days for forward predictions
_PRIOR = 4.0  # weight of "already calibrated", in labels, against few forward predictions
_SMALLEST = 1e-6  # probabilities stay inside, so that their logits are finite
_REASON = 0.1  # smallest contribution, in log-odds, that is worth a word


@dataclass(frozen=True)
class Model:
    """A logistic regression on standardised inputs, and its calibration.

    Attributes:
        names: the inputs.
        means, scales: of the inputs on the days learnt from.
        weights, intercept: of the standardised inputs.
        slope, shift: calibrated log-odds = slope · log-odds + shift.
        strength: inverse regularisation.
    """

    names: Sequence[str]
    means: Sequence[float]
    scales: Sequence[float]
    weights: Sequence[float]
    intercept: float
    slope: float
    shift: float
    strength: float

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each input adds to the calibrated log-odds, against an average merchant."""
        weighed = inputs(frame)
        standard = np.column_stack([weighed[name] for name in self.names]) - np.array(self.means)
        return pd.DataFrame(self.slope * standard / np.array(self.scales) * np.array(self.weights), columns=list(self.names))

    def probabilities(self, frame: pd.DataFrame) -> Vector:
        """Calibrated probability that a merchant leaves."""
        odds = self.contributions(frame).to_numpy().sum(axis=1) + self.slope * self.intercept + self.shift
        clipped: Vector = np.clip(expit(odds), _SMALLEST, 1 - _SMALLEST)
        return clipped


@dataclass(frozen=True)
class Evaluation:
    """How good probabilities were on some days; see `churn_model_evaluation`. None where a figure is not defined."""

    split: str
    merchants: int
    observations: int
    base_rate: float | None
    auc: float | None = None
    brier: float | None = None
    lift_at_10pct: float | None = None
    calibration_slope: float | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Learned:
    """All that scoring and the model card need.

    Attributes:
        version: what made the probabilities: a digest of code, inputs, days learnt from and parameters.
        model: None where there was too little to learn from.
        threshold: probability from which a merchant is flagged; None if nobody is.
        stage_rates: share that left by stage (without the flag), on all labelled days; `""` is the share over all stages.
        evaluations: on the days learnt from (forward predictions) and on the later ones.
        later: probability and label of each observation of the later split, for the curves of the card.
        training: by input, the edges between its deciles on the days learnt from, and the share in each part.
    """

    version: str
    model: Model | None
    threshold: float | None
    stage_rates: dict[str, float]
    evaluations: list[Evaluation]
    first_day: str | None
    last_day: str | None
    later: list[tuple[float, bool]] = field(default_factory=list)
    training: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Learned:
        content = json.loads(text)
        if content["model"]:
            content["model"] = Model(**content["model"])
        content["evaluations"] = [Evaluation(**row) for row in content["evaluations"]]
        return cls(**content)


def learn(observed: pd.DataFrame, capacity: int, fixed_threshold: float | None = None) -> Learned:
    """Learn from all labelled observations.

    Args:
        observed: see `merchant_days.observations`.
        capacity: most merchants a day may flag.
        fixed_threshold: taken instead of the one that the training side would choose.
    """
    labelled = observed[observed["has_left"].notna()].sort_values(["day", "merchant_id"], ignore_index=True)
    labelled = labelled.assign(has_left=labelled["has_left"].astype(bool))
    stage_rates = {str(stage): float(rate) for stage, rate in labelled.groupby("stage")["has_left"].mean().items()}
    stage_rates[""] = float(labelled["has_left"].mean()) if len(labelled) else 0.0
    known = labelled[labelled["stage"] != "churned"].reset_index(drop=True)
    first, last = (str(known["day"].min()), str(known["day"].max())) if len(known) else (None, None)
    merchants, churners = known["merchant_id"].nunique(), known[known["has_left"]]["merchant_id"].nunique()
    if merchants < MINIMUM_MERCHANTS or churners < MINIMUM_CHURNERS:
        version = f"fallback-base-rate-{_digest(first, last, sorted(stage_rates.items()))}"
        return Learned(version, None, None, stage_rates, [_summary("train", known)], first, last)

    days = sorted(known["day"].unique())
    later_from = days[len(days) - max(len(days) // 4, 1)]
    train, later = known[known["day"] <= later_from - LABEL], known[known["day"] >= later_from]
    train, later = train.reset_index(drop=True), later.reset_index(drop=True)
    evaluations, threshold, curve = _evaluate(train, later, capacity, fixed_threshold)
    strength, _, forward = _forward(known, ALL_INPUTS)
    model = _calibrated(_fit(known, ALL_INPUTS, strength), forward)
    if threshold is None:
        threshold = fixed_threshold if fixed_threshold is not None else _threshold(known, model.probabilities(known), capacity)
    version = f"logistic-{_digest(first, last, asdict(model), threshold)}"
    return Learned(version, model, threshold, stage_rates, evaluations, first, last, curve, _deciles(known))


def score(frame: pd.DataFrame, learned: Learned) -> pd.DataFrame:
    """Churn probability, flag, final stage and reasons of merchants as of the day.

    Args:
        frame: observations of `as_of`.
        learned: see `learn`.

    Returns:
        merchant_id, stage, churn_probability, is_churn_flagged, reason_1, reason_2, reason_3.
    """
    frame = frame.reset_index(drop=True)
    rates = frame["stage"].map(learned.stage_rates).fillna(learned.stage_rates[""]).to_numpy(np.float64)
    probabilities = rates
    reasons: list[list[str | None]] = [[None] * 3] * len(frame)
    if learned.model is not None:
        # A merchant that has churned already is none of those that the model learnt from.
        is_base = (frame["stage"] == "churned").to_numpy() & ("churned" in learned.stage_rates)
        probabilities = np.where(is_base, rates, learned.model.probabilities(frame))
        reasons = _reasons(learned.model, frame)
    flagged = np.zeros(len(frame), dtype=bool) if learned.threshold is None else probabilities >= learned.threshold
    stage = np.where((frame["stage"] == "operating") & flagged, "at_risk", frame["stage"])
    return pd.DataFrame(
        {
            "merchant_id": frame["merchant_id"],
            "stage": stage,
            "churn_probability": probabilities,
            "is_churn_flagged": flagged,
            **{f"reason_{rank + 1}": [row[rank] for row in reasons] for rank in range(3)},
        }
    )


def _reasons(model: Model, frame: pd.DataFrame) -> list[list[str | None]]:
    """The three topics that raise the log-odds most, in words; fewer where fewer raise them."""
    parts = model.contributions(frame)
    by_topic = pd.DataFrame({topic: parts[list(names)].sum(axis=1) for topic, (names, _) in TOPICS.items()})
    rows: list[list[str | None]] = []
    for position in range(len(frame)):
        row = {name: float(frame[name].iloc[position]) for name in FEATURES}
        strengths = by_topic.iloc[position]
        strongest = strengths.sort_values(ascending=False, kind="stable").index[:3]
        words: list[str | None] = [TOPICS[topic][1](row) for topic in strongest if strengths[topic] > _REASON]
        rows.append(words + [None] * (3 - len(words)))
    return rows


def _fit(frame: pd.DataFrame, names: Sequence[str], strength: float) -> Model:
    weighed = inputs(frame)
    matrix = np.column_stack([weighed[name] for name in names])
    means, spread = matrix.mean(axis=0), matrix.std(axis=0)
    scales = np.where(spread > 1e-6, spread, 1.0)
    regression = LogisticRegression(C=strength, max_iter=1000).fit((matrix - means) / scales, frame["has_left"])
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


def _forward(frame: pd.DataFrame, names: Sequence[str]) -> tuple[float, pd.DataFrame, pd.DataFrame]:
    """Predict each block of days by a model of the labels that were known on its first day.

    Returns:
        The strength with the smallest log-loss, the frame of the predicted observations, and their `logit` and `has_left`.
    """
    days = sorted(frame["day"].unique())
    blocks = [block for block in np.array_split(np.array(days, dtype=object), min(_BLOCKS, len(days))) if len(block)]
    best: tuple[float, float, pd.DataFrame, pd.DataFrame] | None = None
    for strength in _STRENGTHS:
        frames, logits = [], []
        for block in blocks:
            past = frame[frame["day"] <= block[0] - LABEL]
            now = frame[frame["day"].isin(block)]
            if past["has_left"].nunique() == 2 and past[past["has_left"]]["merchant_id"].nunique() >= 3:
                frames.append(now)
                logits.append(logit(_fit(past, names, strength).probabilities(now)))
        if not frames:
            break
        predicted = pd.concat(frames, ignore_index=True)
        outcome = pd.DataFrame({"logit": np.concatenate(logits), "has_left": predicted["has_left"]})
        loss = float(np.logaddexp(0, np.where(outcome["has_left"], -1, 1) * outcome["logit"]).mean())
        if best is None or loss < best[0]:
            best = (loss, strength, predicted, outcome)
    if best is None:
        return 0.03, frame.iloc[:0], pd.DataFrame({"logit": [], "has_left": []})
    return best[1], best[2], best[3]


def _calibrated(model: Model, forward: pd.DataFrame) -> Model:
    """Platt's slope and shift from forward predictions, drawn towards 1 and 0 where these are few."""
    if forward["has_left"].nunique() < 2:
        return model
    slope, shift = _platt(forward["logit"].to_numpy(np.float64), forward["has_left"].to_numpy(bool), _PRIOR)
    return replace(model, slope=max(slope, 0.1), shift=shift)


def _platt(logits: Vector, has_left: NDArray[np.bool_], prior: float) -> tuple[float, float]:
    sign = np.where(has_left, -1.0, 1.0)

    def loss(x: Vector) -> tuple[float, Vector]:
        margin = sign * (x[0] * logits + x[1])
        pull = sign * expit(margin)
        value = np.logaddexp(0, margin).sum() + prior * ((x[0] - 1) ** 2 + x[1] ** 2) / 2
        return float(value), np.array([pull @ logits + prior * (x[0] - 1), pull.sum() + prior * x[1]])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS")
    return float(found.x[0]), float(found.x[1])


def _evaluate(
    train: pd.DataFrame, later: pd.DataFrame, capacity: int, fixed_threshold: float | None
) -> tuple[list[Evaluation], float | None, list[tuple[float, bool]]]:
    """Learn on the training side, predict the later one; the same with days since the last order alone.

    Returns:
        The evaluations, the threshold of the training side (None if that side is too small), and the later curve.
    """
    if train["has_left"].nunique() < 2:
        return [_summary("train", train), _summary("later", later)], None, []
    evaluations, threshold, curve = [], None, []
    for names, suffix in ((ALL_INPUTS, ""), (SILENCE_ALONE, "_days_since_last_order")):
        strength, predicted, forward = _forward(train, names)
        model = _calibrated(_fit(train, names, strength), forward)
        if forward["has_left"].nunique() == 2:
            odds = model.slope * forward["logit"].to_numpy(np.float64) + model.shift
            probabilities = np.clip(expit(odds), _SMALLEST, 1 - _SMALLEST)
        else:
            predicted, probabilities = train, model.probabilities(train)
        limit = fixed_threshold if fixed_threshold is not None else _threshold(predicted, probabilities, capacity)
        later_probabilities = model.probabilities(later)
        if not suffix:
            threshold = limit
            curve = list(zip(later_probabilities.tolist(), later["has_left"].tolist(), strict=True))
            evaluations.append(_measured("train", predicted, probabilities, limit))
        evaluations.append(_measured(f"later{suffix}", later, later_probabilities, limit))
    return evaluations, threshold, curve


def _threshold(frame: pd.DataFrame, probabilities: Vector, capacity: int) -> float:
    """The probability that gives the best F1, of those from which no day flags more merchants than there are calls."""
    order = np.argsort(-probabilities, kind="stable")
    sorted_p, hits = probabilities[order], np.cumsum(frame["has_left"].to_numpy(np.float64)[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + frame["has_left"].sum())
    is_last_of_tie = np.append(sorted_p[1:] < sorted_p[:-1], True)
    rank_in_day = pd.Series(-probabilities).groupby(frame["day"].to_numpy()).rank(method="max").to_numpy()[order]
    fits = np.maximum.accumulate(rank_in_day) <= capacity
    usable = is_last_of_tie & fits
    if not usable.any():
        return float(sorted_p[0])
    return float(sorted_p[np.flatnonzero(usable)[np.argmax(f1[usable])]])


def _summary(split: str, frame: pd.DataFrame) -> Evaluation:
    base = float(frame["has_left"].mean()) if len(frame) else None
    return Evaluation(split, int(frame["merchant_id"].nunique()), len(frame), base)


def _measured(split: str, frame: pd.DataFrame, probabilities: Vector, threshold: float) -> Evaluation:
    has_left = frame["has_left"].to_numpy(bool)
    basis = replace(_summary(split, frame), threshold=threshold, brier=float(np.mean((probabilities - has_left) ** 2)))
    if has_left.all() or not has_left.any():
        return basis
    slope, _ = _platt(logit(probabilities), has_left, 1e-6)
    return replace(
        basis,
        auc=float(roc_auc_score(has_left, probabilities)),
        lift_at_10pct=lift(has_left, probabilities, 0.1),
        calibration_slope=slope,
    )


def lift(has_left: NDArray[np.bool_], probabilities: Vector, share: float) -> float:
    """Leavers among the ⌈share·n⌉ highest probabilities over those among as many at random; a tie at the edge is split."""
    n = int(np.ceil(share * len(probabilities)))
    edge = np.sort(probabilities)[-n]
    above, tied = probabilities > edge, probabilities == edge
    found = has_left[above].sum() + has_left[tied].mean() * (n - above.sum())
    return float(found / n / has_left.mean())


def _deciles(frame: pd.DataFrame) -> dict[str, tuple[list[float], list[float]]]:
    """Edges between the deciles of each input, and the share of the observations in each part."""
    deciles = {}
    for name, values in inputs(frame).items():
        edges = np.unique(np.quantile(values, np.arange(1, 10) / 10))
        counts = np.bincount(part_of(values, edges.tolist()), minlength=len(edges) + 1)
        deciles[name] = (edges.tolist(), (counts / len(values)).tolist())
    return deciles


def part_of(values: Vector, edges: Sequence[float]) -> NDArray[np.int64]:
    """In which of the parts that the edges make each value lies; a part ends with its edge."""
    return np.searchsorted(edges, values, side="left")


def _digest(*parts: object) -> str:
    """Twelve hex digits over the code of the model and whatever else made it."""
    here = Path(__file__).parent
    code = [(here / name).read_bytes() for name in ("churn_features.py", "churn_model.py", "merchant_days.py")]
    text = json.dumps([ALL_INPUTS, *parts], default=lambda value: value.isoformat() if isinstance(value, date) else str(value))
    return hashlib.sha256(b"\0".join([*code, text.encode()])).hexdigest()[:12]
