"""What each topic says of a merchant, at its edges, and what a probability is made of."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from spark_jobs.merchant_churn.features import TOPICS, Reason
from spark_jobs.merchant_churn.model import Model


def said(topic: str, **row: float) -> Reason | None:
    return TOPICS[topic][1](row)


def test_a_silence_of_two_days_is_none_but_fewer_orders_are_told() -> None:
    counts = {"orders_28d": 4.0, "orders_prev_28d": 4.0, "order_gap": 1.0}
    assert said("orders", days_since_order=2, **counts) == Reason("orders", now=Decimal(4), before=Decimal(4))
    assert said("orders", days_since_order=3, **counts) == Reason("orders", days=3, gap=1)
    assert said("orders", days_since_order=math.nan, **counts) == Reason("orders")


def test_what_is_as_it_was_is_no_reason() -> None:
    assert said("revenue", revenue_28d=10.0, revenue_prev_28d=10.0) is None
    assert said("revenue", revenue_28d=9.99, revenue_prev_28d=10.0) == Reason(
        "revenue", now=Decimal("9.99"), before=Decimal("10.00")
    )


def test_amounts_and_counts_are_told_in_cents() -> None:
    assert said("revenue", revenue_28d=1.234, revenue_prev_28d=2.346) == Reason(
        "revenue", now=Decimal("1.23"), before=Decimal("2.35")
    )
    assert said("tickets", tickets_28d=1.234) == Reason("tickets", now=Decimal("1.23"))
    assert said("tickets", tickets_28d=0.0) is None


@pytest.mark.parametrize(("value", "odds"), [(3.0, 2.0 * (0.5 * 1.0 + 0.25) + 0.125), (1.0, 2.0 * (0.5 * -1.0 + 0.25) + 0.125)])
def test_a_probability_is_the_calibrated_sum(value: float, odds: float) -> None:
    """Standardised by mean 2 and scale 1, weighed by 0.5, intercept 0.25; calibrated by slope 2 and shift 0.125."""
    model = Model(("tenure",), (2.0,), (1.0,), (0.5,), 0.25, 2.0, 0.125, 1.0)
    [found] = model.probabilities({"tenure": np.array([value])})
    assert found == pytest.approx(1 / (1 + math.exp(-odds)))
