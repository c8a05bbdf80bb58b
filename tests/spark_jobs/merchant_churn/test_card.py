"""The churn model's section of the model card: what its curves say, and what stands in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spark_jobs.merchant_churn.card import gains, reliability, section, stability
from spark_jobs.merchant_churn.learning import learn
from spark_jobs.merchant_churn.model import Learned
from tests.spark_jobs.merchant_churn.test_model import observed


def test_reliability_groups_from_the_lowest_probability_to_the_highest() -> None:
    later = [(chance / 100, chance % 4 == 0) for chance in range(80)]
    curve = reliability(later[::-1])
    assert len(curve) == 8
    assert curve[0] == pytest.approx((0.045, 0.3))
    assert [point[0] for point in curve] == sorted(point[0] for point in curve)


def test_gains_reach_everybody_in_the_end() -> None:
    later = [(0.9, True), (0.8, True), (0.2, False), (0.1, False)]
    curve = gains(later)
    assert curve[0] == (0, 0)
    assert curve[-1] == (1, 1)
    assert dict(curve)[0.5] == 1


def test_stability_is_nothing_for_the_same_and_much_for_another_distribution() -> None:
    assert stability([0.1] * 10, [0.1] * 10) == 0
    assert stability([0.5, 0.5], [0.9, 0.1]) == pytest.approx(0.4 * np.log(1.8) - 0.4 * np.log(0.2))
    assert np.isfinite(stability([0.5, 0.5], [1.0, 0.0]))


def test_the_section_shows_model_evidence_and_drift() -> None:
    learned = learn(observed(60, 30), 100)
    shares = {name: list(parts) for name, (_, parts) in learned.training.items()}
    unmoved = section(learned, shares)
    shares["order_silence"] = [0.0] * (len(shares["order_silence"]) - 1) + [1.0]
    page = section(learned, shares)
    assert learned.version in page
    assert page.count("<svg") == 3
    assert "http-equiv" not in page
    assert "src=" not in page
    assert page.count("#b00020") == unmoved.count("#b00020") + 1


def test_the_section_says_when_there_is_no_model() -> None:
    page = section(Learned("fallback-base-rate-0", None, None, {"": 0.25, "launching": 0.5}, [], None, None), {})
    assert "There is no model" in page
    assert "50.0%" in page
    assert "<svg" not in page


def test_names_are_texts_whatever_is_in_them() -> None:
    learned = learn(observed(60, 30), 100)
    assert learned.model is not None
    name, *others = learned.model.names
    hostile = "<i>&\"'"
    renamed = replace(
        learned,
        version=hostile,
        model=replace(learned.model, names=(hostile, *others)),
        evaluations=[replace(row, split=hostile) for row in learned.evaluations],
        training={hostile: learned.training[name]},
    )
    page = section(renamed, {hostile: learned.training[name][1]})
    without = section(Learned(hostile, None, None, {hostile: 0.5}, [], None, None), {})
    assert "<i>" not in page + without
    assert page.count("&lt;i&gt;&amp;") == 3 + len(learned.evaluations)
    assert without.count("&lt;i&gt;&amp;") == 2
