"""How the churn model is learnt, step by step: which days it learns from, its strength, its calibration, its deciles."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.metrics import log_loss

from spark_jobs.merchant_churn import learning
from spark_jobs.merchant_churn.features import FEATURES
from spark_jobs.merchant_churn.learning import learn, lift, statements
from spark_jobs.merchant_churn.model import Model
from tests.spark_jobs.merchant_churn.test_model import observed

FIRST = date(2026, 1, 1)


def all_alike(days: list[int], merchants: int = 50, leavers: int = 10) -> pd.DataFrame:
    """Merchants that are alike, of whom some leave after the last of the days."""
    rows = [
        {"merchant_id": f"m{number:02}", "day": FIRST + timedelta(days=day), "stage": "operating"}
        | dict.fromkeys(FEATURES, 0.0)
        | {"has_left": day == days[-1] and number < leavers}
        for day in days
        for number in range(merchants)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("before", "train"), [(30, 150), (29, 100)])
def test_a_label_that_reaches_into_the_later_quarter_is_not_learnt_from(before: int, train: int) -> None:
    """A label looks 30 days ahead: that of the day 30 before the first later one ends on it."""
    learned = learn(all_alike([0, 30, 90 - before, 90]), 100)
    assert [(found.split, found.observations) for found in learned.evaluations] == [("train", train), ("later", 50)]


def test_a_day_is_predicted_by_the_labels_that_were_known_on_it() -> None:
    """A label is known 30 days after its day, so that day 30 has those of day 0, and day 0 has none."""
    days = np.repeat([0, 30, 60, 90, 120, 150], 10)
    weighed, has_left = {"tenure": np.tile(np.arange(10.0), 6)}, np.tile(np.arange(10) < 3, 6)
    sample = learning._Sample(np.tile(np.arange(10), 6).astype(object), days, weighed, has_left)
    assert learning._predict_forward(sample, ["tenure"]).at.tolist() == list(range(10, 60))
    few = learning._Sample(sample.merchants, days, weighed, np.tile(np.arange(10) < 2, 6))  # left: too few to learn from
    assert learning._predict_forward(few, ["tenure"]).at.tolist() == []


def test_a_version_has_twelve_digits() -> None:
    assert re.fullmatch(r"logistic-[0-9a-f]{12}", learn(all_alike([0, 30, 60, 90]), 100).version)
    assert re.fullmatch(r"fallback-base-rate-[0-9a-f]{12}", learn(all_alike([0, 90], leavers=9), 100).version)


def test_calibration_weighs_few_observations_against_its_priors() -> None:
    """Where the slope of the penalised likelihood is zero, worked out by hand."""
    # Four of four left at log-odds of 0, which say nothing about the slope: 4·(1 − 3/4) = prior · ln 3.
    assert learning._platt(np.zeros(4), np.ones(4, bool), 1 / math.log(3)) == pytest.approx((1, math.log(3)), abs=1e-5)
    # Two left at 1 and two stayed at −1: 4·expit(−2) = prior · (2 − 1).
    logits, has_left = np.array([1.0, 1.0, -1.0, -1.0]), np.array([True, True, False, False])
    assert learning._platt(logits, has_left, 4 * expit(-2)) == pytest.approx((2, 0), abs=1e-5)


def forward_sample(has_left: list[bool], days: list[int] | None = None) -> learning._Sample:
    size = len(has_left)
    merchants = np.array([f"m{number}" for number in range(size)], object)
    return learning._Sample(merchants, np.array(days or range(size)), {}, np.array(has_left))


def test_the_three_latest_blocks_calibrate() -> None:
    """Two left at 1 and two stayed at −1; in the blocks before it was the other way round."""
    sample = forward_sample([True, False] * 3 + [False, True] * 3)
    logits = np.array([1.0, -1.0] * 2 + [0.0, 0.0] + [1.0, -1.0] * 3)
    block = np.array([3, 3, 4, 5, 5, 5, 0, 0, 1, 1, 2, 2])
    forward = learning._Forward(0.1, np.arange(12), block, logits)
    model = Model((), (), (), (), 0.0, 1.0, 0.0, 0.1)
    found = learning._calibrated(model, sample, forward)
    slope = brentq(lambda slope: 4 * expit(-slope) - 17 * (slope - 1), 1, 2)
    assert found.slope == pytest.approx(slope, abs=1e-4)
    assert found.shift == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("days", "capacity", "threshold"),
    [
        ([1, 2, 3, 4], 9, 0.4),  # half of 4/5
        ([1, 1, 1, 1], 4, 0.4),
        ([1, 1, 1, 1], 2, 0.8),
        ([1, 1, 2, 2], 1, 0.9),  # the second of the first day is higher than the first of the second
        ([1, 2, 1, 2], 1, 0.8),
        ([1, 1, 1, 1], 0, 0.9),
    ],
)
def test_the_threshold_is_half_of_the_best_f1_unless_calls_are_fewer(days: list[int], capacity: int, threshold: float) -> None:
    # F1 of the first one, two, three, four: 2/3, 2/4, 4/5, 4/6
    sample, chances = forward_sample([False, True, True, False], days), np.array([0.8, 0.9, 0.3, 0.1])
    assert learning._threshold(sample, chances, capacity, None) == pytest.approx(threshold)
    assert learning._threshold(sample, chances, capacity, 0.7) == 0.7


def test_equals_at_the_capacity_are_not_called() -> None:
    sample = forward_sample([True, False, False], [1, 1, 1])
    assert learning._threshold(sample, np.array([0.9, 0.8, 0.8]), 2, None) == 0.9


def test_lift_takes_a_share_of_equals() -> None:
    """Of three places one is sure; four share the others, of whom one left: (1 + 2/4) of 3, where 2 of 10 left."""
    has_left, chances = np.arange(10) % 4 == 0, np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    has_left[8] = False
    assert lift(has_left, chances, 0.3) == pytest.approx((1 + 2 / 4) / 3 / (2 / 10))


def test_who_left_of_those_with_a_risk_of_more_than_half() -> None:
    sample = forward_sample([True, False, True, True, False])
    found = learning._measured("later", sample, np.array([0.51, 0.9, 0.5, 0.7, 0.2]), 0.5)
    assert (found.over_half, found.over_half_left) == (3, 2)


def test_certain_chances_have_a_slope_too() -> None:
    sample = forward_sample([True, False, True, False])
    found = learning._measured("later", sample, np.array([1.0, 0.0, 0.0, 1.0]), 0.5)
    assert (found.auc, found.brier) == (0.5, 0.5)
    assert found.calibration_slope == pytest.approx(0, abs=1e-3)


def test_forward_predictions_of_the_training_side_tell_who_left() -> None:
    train = learn(observed(60, 30), 100).evaluations[0]
    assert train.split == "train"
    assert train.auc is not None
    assert train.auc > 0.9
    assert train.base_rate is not None
    assert train.brier is not None
    assert train.brier < train.base_rate * (1 - train.base_rate) / 2


def test_deciles_of_a_hundred_and_one_and_of_one() -> None:
    deciles = learning._deciles({"many": np.arange(101.0), "one": np.full(7, 5.0)})
    assert deciles["many"][0] == pytest.approx([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert deciles["many"][1] == pytest.approx([11 / 101] + [10 / 101] * 9)
    assert deciles["one"] == ([5.0], [1.0, 0.0])


def test_the_strength_is_that_of_the_least_log_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = observed(60, 30)
    sample = learning._Sample.of(frame[frame["has_left"].notna()].sort_values(["day", "merchant_id"]))
    losses = {}
    for strength in (10.0, 0.1, 0.003):
        monkeypatch.setattr(learning, "_STRENGTHS", (strength,))
        alone = learning._predict_forward(sample, ("tenure",))
        assert len(alone.at) == 900
        losses[strength] = log_loss(sample.has_left[alone.at], expit(alone.logits))
    assert losses[0.1] < losses[10] < losses[0.003]
    monkeypatch.setattr(learning, "_STRENGTHS", tuple(losses))
    assert learning._predict_forward(sample, ("tenure",)).strength == 0.1


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (("# weigh", "# compare"), True),
        (("A model.", "The model."), True),
        (("from a import b", "from moved.a import b"), True),
        (("x + 1", "x  + (1)"), True),
        (("x + 1", "x - 1"), False),
        (('"days"', '"weeks"'), False),
    ],
)
def test_a_version_hangs_on_what_the_code_does_not_on_its_comments_or_its_place(change: tuple[str, str], is_same: bool) -> None:
    source = '"""A model."""\nfrom a import b\n\ndef f(x):\n    """A model."""\n    return b["days"] + x + 1  # weigh\n'
    changed = source.replace(*change)
    assert changed != source
    assert (statements(changed) == statements(source)) == is_same
