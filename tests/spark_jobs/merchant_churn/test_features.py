"""Windows, gaps and changes that the churn model sees, at their edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spark_jobs.merchant_churn.features import FEATURES, features, inputs

COUNTED = ("orders", "logins", "features_used", "fans_won", "shares", "teams", "tickets", "fans_lost")
TODAY = 100


def row(days: dict[int, float], cents: dict[int, float] | None = None, today: int = TODAY) -> dict[str, float]:
    """Features of one day, where everything countable happened as often on the same days."""
    counts = np.zeros(TODAY + 10)
    counts[list(days)] = list(days.values())
    money = np.zeros(len(counts))
    money[list(cents or {})] = list((cents or {}).values())
    [found] = features(dict.fromkeys(COUNTED, counts), money, np.array([today]), np.zeros(1, np.int64)).to_dict("records")
    return {str(name): float(value) for name, value in found.items()}


@pytest.mark.parametrize("name", [*COUNTED, "revenue"])
def test_a_window_has_28_days_and_the_one_before_it_too(name: str) -> None:
    # The first and the last day of both windows, and the days beside them.
    amounts = {TODAY + 1: 1.0, TODAY: 10.0, TODAY - 27: 100.0, TODAY - 28: 1_000.0, TODAY - 55: 10_000.0, TODAY - 56: 100_000.0}
    found = row(amounts, {day: 100 * amount for day, amount in amounts.items()})
    assert found[f"{name}_28d"] == 110
    if name not in ("tickets", "fans_lost"):
        assert found[f"{name}_prev_28d"] == 11_000


def test_windows_begin_with_the_merchant() -> None:
    found = row(dict.fromkeys(range(TODAY), 1.0), today=29)
    assert (found["orders_28d"], found["orders_prev_28d"]) == (28, 2)
    found = row(dict.fromkeys(range(TODAY), 1.0), today=0)
    assert (found["orders_28d"], found["orders_prev_28d"], found["tenure_days"]) == (1, 0, 0)


def test_a_silence_lasts_since_the_last_active_day_the_first_one_too() -> None:
    assert row({0: 1.0}, today=5)["days_since_order"] == 5
    assert row({0: 1.0, 3: 1.0, 5: 1.0, 6: 1.0}, today=5)["days_since_login"] == 0


@pytest.mark.parametrize(
    ("active", "gap"),
    [
        pytest.param([0, 50, 90], 45, id="90 days up to the last active one"),
        pytest.param([0, 50, 91], 41, id="not 91"),
        pytest.param([98, 100], 2, id="twice"),
        pytest.param([0, 65], 60, id="no gap is longer than 60"),
        pytest.param([0, 95], 60, id="once in 90 days"),
        pytest.param([3], 60, id="once"),
        pytest.param([97, 99, 101], 2, id="tomorrow is not known"),
        pytest.param([], 60, id="never"),
    ],
)
def test_the_usual_gap_is_that_of_the_90_days_to_the_last_active_one(active: list[int], gap: float) -> None:
    with np.errstate(all="raise"):
        found = row(dict.fromkeys(active, 1.0))
    assert (found["order_gap"], found["login_gap"]) == (gap, gap)


def test_inputs_by_hand() -> None:
    values = dict.fromkeys(FEATURES, 0.0) | {"days_since_order": 7, "order_gap": 2, "orders_28d": 3, "orders_prev_28d": 1}
    values |= {"days_since_login": 7, "login_gap": 0.5, "revenue_28d": -1, "revenue_prev_28d": 3}
    values |= {"tickets_28d": 3, "fans_lost_28d": 10, "tenure_days": 15, "shares_prev_28d": 4}
    weighed = {name: float(found[0]) for name, found in inputs(pd.DataFrame([values])).items()}
    expected = {
        "order_silence": np.log(8),
        "order_overdue": np.log(4.5),
        "orders_level": np.log(4),
        "login_overdue": np.log(8),  # a gap is a day at least
        "orders_change": 0.5,
        "revenue_change": -1.0,
        "shares_change": -1.0,
        "teams_change": 0.0,  # nothing and nothing before
        "tickets_level": np.log(4),
        "fans_lost_level": np.log(3),  # beside four orders and one
        "tenure": np.log(16),
    }
    assert {name: weighed[name] for name in expected} == pytest.approx(expected)
