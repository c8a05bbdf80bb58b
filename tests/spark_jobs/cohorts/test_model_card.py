"""The model card: what its curves say, and that the page holds together."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from spark_jobs.cohorts import charts
from spark_jobs.cohorts.churn_learning import learn
from spark_jobs.cohorts.churn_model import Learned
from spark_jobs.cohorts.model_card import Evidence, gains, model_card, reliability, stability, write_model_card
from tests.spark_jobs.cohorts.test_churn_model import AS_OF, observed

NO_EVIDENCE = Evidence({}, [], [])


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


def test_charts_are_well_formed_whatever_the_names() -> None:
    for chart in (
        charts.lines({"a < b & c": [(0, 0), (3, 2.5)]}, "x & y", "<y>"),
        charts.lines({"nothing": []}, "x", "y"),
        charts.bars({"<name>": 0.4, "other": 0.0}, 0.25),
        charts.bars({}, 0.25),
    ):
        assert ElementTree.fromstring(chart).tag.endswith("svg")
    dots = ElementTree.fromstring(charts.lines({"a": [(0, 0), (1, 1), (2, 4)]}, "x", "y")).iter(
        "{http://www.w3.org/2000/svg}circle"
    )
    heights = [float(dot.attrib["cy"]) for dot in dots]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)


def test_the_page_shows_model_evidence_and_drift(tmp_path: Path) -> None:
    learned = learn(observed(60, 30), 100)
    shares = {name: list(parts) for name, (_, parts) in learned.training.items()}
    shares["order_silence"] = [0.0] * (len(shares["order_silence"]) - 1) + [1.0]
    evidence = Evidence(shares, [(0, 10, 3, 2.5), (7, 4, 9, 8.0)], [(1, 6, 5.0), (2, 6, 5.5)])
    path = tmp_path / "cards" / "day.html"
    write_model_card(path, AS_OF, learned, evidence)
    page = path.read_text()
    assert learned.version in page
    assert page.count("<svg") == 5
    assert "7 and more" in page
    assert "http-equiv" not in page
    assert "src=" not in page
    assert page == model_card(AS_OF, learned, evidence)
    assert list(path.parent.iterdir()) == [path]


def test_the_page_says_when_there_is_no_model() -> None:
    learned = Learned("fallback-base-rate-0", None, None, {"": 0.25, "launching": 0.5}, [], None, None)
    page = model_card(date(2026, 1, 1), learned, NO_EVIDENCE)
    assert "There is no model" in page
    assert "50.0%" in page
    assert "<svg" not in page
