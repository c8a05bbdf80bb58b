"""What a model made by hand says of a merchant: whether it is flagged, and the reasons in their order."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from spark_jobs.merchant_churn.features import ALL_INPUTS, FEATURES
from spark_jobs.merchant_churn.model import Learned, Model, score


def scored(weights: dict[str, float], threshold: float = 0.5, **values: float) -> dict[str, Any]:
    """The score of one operating merchant whose inputs weigh nothing but for some."""
    size = len(ALL_INPUTS)
    each = [weights.get(name, 0.0) for name in ALL_INPUTS]
    model = Model(ALL_INPUTS, [0.0] * size, [1.0] * size, each, 0.0, 1.0, 0.0, 0.1)
    frame = pd.DataFrame([{"merchant_id": "m", "stage": "operating"} | dict.fromkeys(FEATURES, 0.0) | values])
    [row] = score(frame, Learned("v", model, threshold, {"": 0.1}, [], None, None)).to_dict("records")
    return {str(name): value for name, value in row.items()}


def reasons(weights: dict[str, float], **values: float) -> list[str | None]:
    row = scored(weights, **values)
    return [row[f"reason_{rank}"] for rank in (1, 2, 3)]


@pytest.mark.parametrize(("threshold", "is_flagged"), [(0.8, True), (0.81, False)])
def test_the_threshold_itself_is_flagged(threshold: float, is_flagged: bool) -> None:
    row = scored({"tenure": 2.0}, threshold=0.0, tenure_days=1.0)  # odds of 4
    assert row["churn_probability"] == pytest.approx(0.8)
    limit = row["churn_probability"] if is_flagged else threshold
    row = scored({"tenure": 2.0}, threshold=limit, tenure_days=1.0)
    assert (row["is_churn_flagged"], row["stage"]) == (is_flagged, "at_risk" if is_flagged else "operating")


def test_no_chance_is_certain() -> None:
    assert scored({"tenure": 100.0}, tenure_days=5.0)["churn_probability"] == 1 - 1e-6
    assert scored({"tenure": -100.0}, tenure_days=5.0)["churn_probability"] == 1e-6


def test_the_strongest_reason_comes_first_and_the_fourth_is_left_out() -> None:
    weights = {"login_silence": 0.5, "order_silence": 1.0, "tickets_level": 0.2, "revenue_change": -0.3}
    values = {"days_since_order": 9.0, "days_since_login": 9.0, "order_gap": 60.0, "login_gap": 60.0}
    told = reasons(weights, **values, tickets_28d=2.0, revenue_prev_28d=5.0)
    assert [" ".join(str(words).split()[:2]) for words in told] == ["no paid", "no login", "net revenue"]


def test_a_tenth_of_a_log_odd_is_not_worth_a_word() -> None:
    assert reasons({"revenue_change": -0.1}, revenue_prev_28d=5.0) == [None] * 3
    assert reasons({"revenue_change": -0.1001}, revenue_prev_28d=5.0)[0] is not None


@pytest.mark.parametrize(
    ("silence", "gap", "words"),
    [
        (2.0, 60.0, "orders: 1 in the last 28 days, 2 in the 28 days before"),
        (3.0, 60.0, "no paid order for 3 days"),
        (5.0, 5.0, "no paid order for 5 days"),
        (5.0, 4.0, "no paid order for 5 days; before that every 4 days"),
        (5.0, 1.0, "no paid order for 5 days; before that every day"),
    ],
)
def test_a_silence_is_told_from_three_days_on_and_a_rhythm_if_it_is_broken(silence: float, gap: float, words: str) -> None:
    values = {"days_since_order": silence, "order_gap": gap, "orders_28d": 1.0, "orders_prev_28d": 2.0}
    assert reasons({"order_silence": 1.0}, **values)[0] == words
