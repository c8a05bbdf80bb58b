"""How the churn model is learnt, step by step: which days it learns from, its strength, its calibration, its deciles."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from spark_jobs.cohorts import churn_learning
from spark_jobs.cohorts.churn_features import FEATURES
from spark_jobs.cohorts.churn_learning import learn
from tests.cohorts.test_churn_model import observed

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


def test_a_version_has_twelve_digits() -> None:
    assert re.fullmatch(r"logistic-[0-9a-f]{12}", learn(all_alike([0, 30, 60, 90]), 100).version)
    assert re.fullmatch(r"fallback-base-rate-[0-9a-f]{12}", learn(all_alike([0, 90], leavers=9), 100).version)


def test_calibration_weighs_few_observations_against_its_priors() -> None:
    """Where the slope of the penalised likelihood is zero, worked out by hand."""
    # Four of four left at log-odds of 0, which say nothing about the slope: 4·(1 − 3/4) = prior · ln 3.
    assert churn_learning._platt(np.zeros(4), np.ones(4, bool), 1 / math.log(3)) == pytest.approx((1, math.log(3)), abs=1e-5)
    # Two left at 1 and two stayed at −1: 4·expit(−2) = prior · (2 − 1).
    logits, has_left = np.array([1.0, 1.0, -1.0, -1.0]), np.array([True, True, False, False])
    assert churn_learning._platt(logits, has_left, 4 * expit(-2)) == pytest.approx((2, 0), abs=1e-5)


def test_deciles_of_a_hundred_and_one_and_of_one() -> None:
    deciles = churn_learning._deciles({"many": np.arange(101.0), "one": np.full(7, 5.0)})
    assert deciles["many"][0] == pytest.approx([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert deciles["many"][1] == pytest.approx([11 / 101] + [10 / 101] * 9)
    assert deciles["one"] == ([5.0], [1.0, 0.0])


def test_the_strength_is_that_of_the_least_log_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = observed(60, 30)
    sample = churn_learning._Sample.of(frame[frame["has_left"].notna()].sort_values(["day", "merchant_id"]))
    losses = {}
    for strength in (10.0, 0.1, 0.003):
        monkeypatch.setattr(churn_learning, "_STRENGTHS", (strength,))
        alone = churn_learning._predict_forward(sample, ("tenure",))
        assert len(alone.at) == 900
        losses[strength] = log_loss(sample.has_left[alone.at], expit(alone.logits))
    assert losses[0.1] < losses[10] < losses[0.003]
    monkeypatch.setattr(churn_learning, "_STRENGTHS", tuple(losses))
    assert churn_learning._predict_forward(sample, ("tenure",)).strength == 0.1
