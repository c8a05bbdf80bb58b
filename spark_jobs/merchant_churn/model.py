"""The churn model: a calibrated logistic regression, what it says about a merchant, and why.

`learning` fits it; here it is applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from spark_jobs.merchant_churn.features import FEATURES, TOPICS, Reason, inputs, sentence

Vector = NDArray[np.float64]

SMALLEST = 1e-6  # probabilities stay between this and 1 − this, so that their logits are finite
REASONS = 3  # of a merchant, at most
_REASON = 0.1  # smallest contribution, in log-odds, that makes a reason


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

    def contributions(self, weighed: Mapping[str, Vector]) -> pd.DataFrame:
        """What each input (column) adds to each merchant's (row) calibrated log-odds, compared with an average merchant."""
        standard = (matrix(weighed, self.names) - np.array(self.means)) / np.array(self.scales)
        return pd.DataFrame(self.slope * standard * np.array(self.weights), columns=list(self.names))

    def probabilities(self, weighed: Mapping[str, Vector]) -> Vector:
        """Calibrated probability that a merchant leaves."""
        odds = self.contributions(weighed).to_numpy().sum(axis=1) + self.slope * self.intercept + self.shift
        clipped: Vector = np.clip(expit(odds), SMALLEST, 1 - SMALLEST)
        return clipped


@dataclass(frozen=True)
class Evaluation:
    """How good the probabilities of a split are; see the mart `churn_model_evaluation`. Undefined figures are None."""

    split: str
    merchants: int
    observations: int
    base_rate: float | None
    auc: float | None = None
    brier: float | None = None
    lift_at_10pct: float | None = None
    calibration_slope: float | None = None
    threshold: float | None = None
    over_half: int | None = None
    over_half_left: int | None = None


@dataclass(frozen=True)
class Learned:
    """All that scoring and the model card need.

    Attributes:
        version: identifies what made the probabilities: a digest of code, inputs, days learnt from and parameters.
        model: None if there was too little to learn from.
        threshold: probability from which a merchant is flagged; None if nobody is.
        stage_rates: share that left by stage (without the flag), on all labelled days; `""` is the share over all stages.
        evaluations: on the days learnt from (forward predictions) and on the later ones.
        first_day, last_day: of the days learnt from.
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


def score(frame: pd.DataFrame, learned: Learned) -> pd.DataFrame:
    """Churn probability, flag, final stage and reasons of merchants as of the day.

    Args:
        frame: observations of `as_of`.
        learned: see `learning.learn`.

    Returns:
        merchant_id, stage, churn_probability, is_churn_flagged, reasons (as data), reason_1, reason_2, reason_3 (in words).
    """
    frame = frame.reset_index(drop=True)
    rates = frame["stage"].map(learned.stage_rates).fillna(learned.stage_rates[""]).to_numpy(np.float64)
    probabilities = rates
    reasons: list[list[Reason]] = [[]] * len(frame)
    # The model has not learnt from churned merchants, and nobody can keep them any more: they get the base rate, and no flag.
    has_churned = (frame["stage"] == "churned").to_numpy()
    if learned.model is not None:
        weighed = inputs(frame)
        is_base = has_churned & ("churned" in learned.stage_rates)
        probabilities = np.where(is_base, rates, learned.model.probabilities(weighed))
        reasons = _reasons(learned.model.contributions(weighed), frame)
    flagged = np.zeros(len(frame), dtype=bool) if learned.threshold is None else probabilities >= learned.threshold
    flagged &= ~has_churned
    words = [[sentence(reason) for reason in row] + [None] * (REASONS - len(row)) for row in reasons]
    return pd.DataFrame(
        {
            "merchant_id": frame["merchant_id"],
            "stage": np.where((frame["stage"] == "operating") & flagged, "at_risk", frame["stage"]),
            "churn_probability": probabilities,
            "is_churn_flagged": flagged,
            "reasons": [[asdict(reason) for reason in row] for row in reasons],
            **{f"reason_{rank + 1}": [row[rank] for row in words] for rank in range(REASONS)},
        }
    )


def flagged_before(observed: pd.DataFrame, lengths: NDArray[np.int64], learned: Learned) -> NDArray[np.int64]:
    """How many of each merchant's days, counted back from its last without a break, today's model would have flagged.

    Args:
        observed: features of the days, oldest first, one merchant after another.
        lengths: how many days each merchant has.
    """
    if learned.model is None or learned.threshold is None:
        return np.zeros(len(lengths), np.int64)
    is_calm = learned.model.probabilities(inputs(observed)) < learned.threshold
    calm = np.append(-1, np.maximum.accumulate(np.where(is_calm, np.arange(len(is_calm)), -1)))  # the last before each day
    ends = np.cumsum(lengths)
    days: NDArray[np.int64] = ends - 1 - np.maximum(calm[ends], ends - lengths - 1)
    return days


def part_of(values: Vector, edges: Sequence[float]) -> NDArray[np.int64]:
    """The part between `edges` in which each value lies; a part includes its upper edge."""
    return np.searchsorted(edges, values, side="left")


def matrix(weighed: Mapping[str, Vector], names: Sequence[str]) -> Vector:
    """The inputs as columns, in the order of the names."""
    return np.column_stack([weighed[name] for name in names])


def _reasons(parts: pd.DataFrame, frame: pd.DataFrame) -> list[list[Reason]]:
    """The reasons of each merchant, from the topics that raise its log-odds most; fewer if few have anything bad to say."""
    says = [say for _, say in TOPICS.values()]
    strengths = np.column_stack([parts[list(names)].to_numpy().sum(axis=1) for names, _ in TOPICS.values()])
    strongest = np.argsort(-strengths, axis=1, kind="stable")
    rows: list[list[Reason]] = []
    features = zip(*(frame[name].to_numpy(np.float64).tolist() for name in FEATURES), strict=True)
    for values, strength, order in zip(features, strengths, strongest, strict=True):
        row = dict(zip(FEATURES, values, strict=True))
        told = (says[topic](row) for topic in order if strength[topic] > _REASON)
        rows.append(list(islice((reason for reason in told if reason is not None), REASONS)))
    return rows
