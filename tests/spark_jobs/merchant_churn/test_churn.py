"""The churn flags by hand: what is at stake, since when, and why, with a model that knows the silence of orders alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import log
from typing import Any

import pytest
from pyspark.sql import SparkSession

from spark_jobs.merchant_churn.churn import at_risk_since, merchant_churn_flags, score_merchants
from spark_jobs.merchant_churn.features import ALL_INPUTS
from spark_jobs.merchant_churn.merchant_days import COUNTS, observations, recent_money
from spark_jobs.merchant_churn.model import Learned, Model

AS_OF = date(2026, 6, 30)

# Of a silence of s days it makes (1 + s) / (12 + s): the flag is set from the tenth day.
MODEL = Model(
    names=ALL_INPUTS,
    means=[0.0] * len(ALL_INPUTS),
    scales=[1.0] * len(ALL_INPUTS),
    weights=[float(name == "order_silence") for name in ALL_INPUTS],
    intercept=-log(11),
    slope=1.0,
    shift=0.0,
    strength=1.0,
)
LEARNED = Learned("by hand", MODEL, 0.49, {"churned": 0.9, "": 0.1}, [], None, None)

# By merchant: days ago of onboarding, and of orders with how many and how much; without orders there is no day either.
LIVES: dict[str, tuple[int, dict[int | None, tuple[int, str]]]] = {
    "fell": (100, {70: (9, "100.00"), 50: (1, "9400.00"), 30: (1, "45.00")}),  # silent for 20 days, and again since
    "steady": (100, {70: (9, "40.00"), 30: (9, "40.00"), 3: (9, "90.00")}),
    "refunded": (100, {60: (9, "100.00"), 40: (1, "-20.00"), 20: (1, "-50.00")}),
    "young": (20, {15: (1, "7.00")}),
    "gone": (200, {66: (20, "500.00")}),
    "never": (40, {None: (0, "0.00")}),
}


@pytest.fixture(scope="module")
def flags(spark: SparkSession) -> dict[str, dict[str, Any]]:
    rows = []
    for merchant, (onboarded, orders) in LIVES.items():
        start = AS_OF - timedelta(days=onboarded)
        for ago, (count, revenue) in orders.items():
            counts = {name: count if name == "orders" else 0 for name in COUNTS}
            on = None if ago is None else AS_OF - timedelta(days=ago)
            rows.append((merchant, on, *counts.values(), Decimal(revenue), start, start))
    columns = ", ".join(f"{name} bigint" for name in COUNTS)
    schema = f"merchant_id string, day date, {columns}, revenue decimal(18,2), first_day date, onboarded_on date"
    histories = spark.createDataFrame(rows, schema)
    scored = score_merchants(observations(histories, AS_OF), LEARNED, AS_OF)
    since = at_risk_since(scored, histories, LEARNED, AS_OF)
    found = merchant_churn_flags(scored, recent_money(histories, AS_OF), since, LEARNED, 100).collect()
    assert len(found) == len(LIVES)
    return {row["merchant_id"]: row.asDict(recursive=True) for row in found}


@pytest.mark.parametrize(
    ("merchant", "stage", "flagged", "loss", "stake"),
    [
        pytest.param("fell", "at_risk", True, "0.00", "90876.00", id="31/42 of 9,445 in 28 days"),
        pytest.param("steady", "operating", False, "312.86", "312.86", id="4/15 of 90"),
        pytest.param("refunded", "at_risk", True, "-427.73", "0.00", id="21/32 of -50"),
        pytest.param("young", "launching", True, "54.07", "54.07", id="16/27 of 7"),
        pytest.param("gone", "churned", False, "0.00", "0.00", id="nothing is left to lose"),
        pytest.param("never", "launching", True, "0.00", "0.00", id="nothing yet"),
    ],
)
def test_what_is_at_stake(
    flags: dict[str, dict[str, Any]], merchant: str, stage: str, flagged: bool, loss: str, stake: str
) -> None:
    row = flags[merchant]
    assert (row["stage"], row["is_churn_flagged"]) == (stage, flagged)
    assert (row["expected_loss"], row["at_stake"]) == (Decimal(loss), Decimal(stake))


def test_who_is_at_risk_is_so_since_the_last_day_without_the_flag(flags: dict[str, dict[str, Any]]) -> None:
    since = {merchant: row["at_risk_since"] for merchant, row in flags.items()}
    tenth_day = {"fell": AS_OF - timedelta(days=20), "refunded": AS_OF - timedelta(days=10)}
    assert since == dict.fromkeys(LIVES) | tenth_day


def test_reasons_are_told_as_words_and_as_data(flags: dict[str, dict[str, Any]]) -> None:
    data = {merchant: row["reasons"] for merchant, row in flags.items()}
    words = {merchant: row["reason_1"] for merchant, row in flags.items()}
    assert data["fell"] == [{"topic": "orders", "days": 30, "gap": 20, "now": None, "before": None}]
    assert words["fell"] == "no paid order for 30 days; before that every 20 days"
    assert words["gone"] == "no paid order for 66 days"
    assert data["never"] == [{"topic": "orders", "days": None, "gap": None, "now": None, "before": None}]
    assert words["never"] == "no paid order ever"
    assert data["steady"] == [{"topic": "orders", "days": 3, "gap": None, "now": None, "before": None}]
    assert all(row["reason_2"] is None for row in flags.values())
