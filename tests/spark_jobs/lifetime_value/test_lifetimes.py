"""Lifetime models from purchase histories to the marts: own and pooled parameters, nulls, the holdout, the flags."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from spark_jobs.lifetime_value import bgnbd, gamma_gamma, lifetimes
from spark_jobs.lifetime_value.lifetimes import BEFORE, ESTIMATES
from tests.spark_jobs.frames import rows_a_batch, table

CUSTOMERS = (
    "merchant_id string, user_id string, holdout_days int, x bigint, recency double, age double, mean double, "
    "x_before bigint, recency_before double, age_before double, holdout_orders bigint"
)
MERCHANTS = ("large", "small", "one price", "refunded")


def histories() -> pd.DataFrame:
    """Four merchants: one large enough for its own fit, one too small, one where all pay the same, one with nothing left."""
    rng = np.random.default_rng(21)
    rows: list[tuple[Any, ...]] = []
    for merchant, fans in (("large", 500), ("small", 30), ("one price", 400)):
        for number in range(fans):
            age = int(rng.integers(40, 300))
            leaves_after = rng.geometric(rng.beta(1, 3))
            days = np.flatnonzero(rng.random(age) < rng.gamma(0.6, 0.05))[:leaves_after] + 1
            before = days[days <= age - 40]
            price = 20.0 if merchant == "one price" else float(rng.lognormal(3, 0.4))
            rows.append(
                (
                    merchant,
                    f"u{number:03d}",
                    40,
                    len(days),
                    float(days.max(initial=0)) / 7,
                    age / 7,
                    price if len(days) else None,
                    len(before),
                    float(before.max(initial=0)) / 7,
                    (age - 40) / 7,
                    len(days) - len(before),
                )
            )
    rows.append(("refunded", "u000", 3, None, None, None, None, None, None, None, 0))
    frame = pd.DataFrame(rows, columns=[column.split()[0] for column in CUSTOMERS.split(", ")])
    return frame.astype({"x": "Int64", "x_before": "Int64"})


@pytest.fixture(scope="module")
def customers(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(histories(), CUSTOMERS).persist()


@pytest.fixture(scope="module")
def parameters(customers: DataFrame) -> DataFrame:
    merchants, platform = lifetimes.fit_merchants(customers), lifetimes.fit_platform(customers)
    return lifetimes.choose_parameters(merchants, platform).persist()


@pytest.fixture(scope="module")
def scored(customers: DataFrame, parameters: DataFrame) -> DataFrame:
    return lifetimes.score_customers(customers, parameters).persist()


@pytest.fixture(scope="module")
def models(scored: DataFrame, parameters: DataFrame) -> dict[str, Row]:
    rows = {row["merchant_id"]: row for row in lifetimes.ltv_model(scored, parameters).collect()}
    assert set(rows) == set(MERCHANTS)
    return rows


def test_each_merchant_has_its_own_parameters_or_says_why_not(models: dict[str, Row]) -> None:
    fallback = {merchant: row["fallback"] for merchant, row in models.items()}
    assert fallback == {
        "large": "none",
        "small": "too_few_customers",
        "one price": "not_converged",
        "refunded": "too_few_customers",
    }
    pooled = {tuple(models[merchant][name] for name in ESTIMATES) for merchant in MERCHANTS if fallback[merchant] != "none"}
    assert len(pooled) == 1


def test_own_and_pooled_parameters_are_those_of_the_kernels(models: dict[str, Row]) -> None:
    known = histories().dropna(subset="x")
    for merchant, rows in (("large", known[known["merchant_id"] == "large"]), ("small", known)):
        own = bgnbd.fit(bgnbd.Histories.group(*(rows[name].to_numpy(float) for name in ("x", "recency", "age"))))
        spending = rows[rows["x"] > 0]
        value = gamma_gamma.fit(spending["x"].to_numpy(np.int64), spending["mean"].round(2).to_numpy())
        got = models[merchant]
        assert [got[name] for name in bgnbd.PARAMETERS] == pytest.approx(own.parameters, rel=1e-4)
        assert [got[name] for name in gamma_gamma.PARAMETERS] == pytest.approx(value.parameters, rel=1e-2)
        assert [got[f"{name}_se"] for name in bgnbd.PARAMETERS] == pytest.approx(own.standard_errors, rel=1e-3)


def test_counts_and_likelihoods_are_of_the_merchants_own_customers(models: dict[str, Row]) -> None:
    frame = histories()
    for merchant, row in models.items():
        own = frame[(frame["merchant_id"] == merchant) & frame["x"].notna()]
        history = (own["x"].to_numpy(np.int64), own["recency"].to_numpy(float), own["age"].to_numpy(float))
        assert row["customers"] == len(own)
        assert row["repeat_customers"] == (own["x"] > 0).sum()
        assert row["holdout_orders_actual"] == own["holdout_orders"].sum()
        used = np.array([row[name] for name in bgnbd.PARAMETERS])
        assert row["log_likelihood"] == pytest.approx(bgnbd.log_likelihoods(used, *history).sum(), abs=1e-6)
    assert models["refunded"]["holdout_orders_expected"] is None
    assert models["refunded"]["value_log_likelihood"] is None


def test_the_holdout_is_forecast_by_the_fit_on_the_days_before(models: dict[str, Row], parameters: DataFrame) -> None:
    before = {row["merchant_id"]: np.array([row[name] for name in BEFORE]) for row in parameters.collect()}
    own = histories()
    own = own[own["merchant_id"] == "large"]
    history = (own["x_before"].to_numpy(np.int64), own["recency_before"].to_numpy(float), own["age_before"].to_numpy(float))
    wanted = bgnbd.expected_purchases(before["large"], *history, 40 / 7).sum()
    assert models["large"]["holdout_orders_expected"] == pytest.approx(wanted, abs=1e-6)
    assert models["large"]["holdout_orders_expected"] == pytest.approx(models["large"]["holdout_orders_actual"], rel=0.25)
    assert before["large"] != pytest.approx([models["large"][name] for name in bgnbd.PARAMETERS])


def test_fans_values_follow_from_the_parameters_and_nothing_is_nan(scored: DataFrame, models: dict[str, Row]) -> None:
    values = {(row["merchant_id"], row["user_id"]): row for row in lifetimes.lifetime_value(scored).collect()}
    assert len(values) == 931
    assert not any(isinstance(cell, float) and np.isnan(cell) for row in values.values() for cell in row)
    empty = values["refunded", "u000"].asDict()
    assert [cell for name, cell in empty.items() if name not in ("merchant_id", "user_id")] == [None] * 8
    for row in values.values():
        if row["frequency"] is None:
            continue
        model = models[row["merchant_id"]]
        own = np.array([model[name] for name in bgnbd.PARAMETERS])
        history = (np.array([row["frequency"]]), np.array([row["recency_weeks"]]), np.array([row["age_weeks"]]))
        assert row["p_alive"] == pytest.approx(bgnbd.p_alive(own, *history)[0])
        p, q, v = (model[name] for name in gamma_gamma.PARAMETERS)
        mean = p * (v + (row["monetary_value"] or 0) * row["frequency"]) / (p * row["frequency"] + q - 1)
        assert float(row["expected_value_365d"]) == pytest.approx(row["expected_orders_365d"] * mean, abs=0.00501)
    assert any(row["frequency"] == 0 and row["p_alive"] == 1 for row in values.values())


def test_merchants_that_share_parameters_keep_their_own_holdouts(spark: SparkSession) -> None:
    columns = "merchant_id string, " + ", ".join(f"{name} double" for name in (*ESTIMATES, *BEFORE))
    used = [(merchant, 0.6, 6.0, 0.9, 2.1, 6.0, 4.0, 15.0, 0.5, 5.0, 0.8, 2.0) for merchant in ("a", "b", "c")]
    rows = [(merchant, "u", days, 3, 4.0, 5.0, 9.5, 1, 1.0, 2.0, 2) for merchant, days in (("a", 14), ("b", 28), ("c", 0))]
    got = lifetimes.score_customers(spark.createDataFrame(rows, CUSTOMERS), spark.createDataFrame(used, columns))
    before = np.array([0.5, 5.0, 0.8, 2.0])
    weeks = [
        bgnbd.expected_purchases(before, np.array([1]), np.array([1.0]), np.array([2.0]), horizon)[0] for horizon in (2, 4)
    ]
    assert table(got, "merchant_id", "holdout_orders_expected") == [("a", weeks[0]), ("b", weeks[1]), ("c", 0.0)]
    assert len({row[1:] for row in table(got, "merchant_id", "p_alive", "expected_value")}) == 1


def test_card_summaries_add_up_to_the_models(customers: DataFrame, scored: DataFrame, models: dict[str, Row]) -> None:
    by_frequency = table(lifetimes.holdout_by_frequency(scored), "frequency", "fans", "actual", "expected")
    assert max(row[0] for row in by_frequency) == lifetimes.MOST_FREQUENT
    assert sum(row[1] for row in by_frequency) == 930
    assert sum(row[2] for row in by_frequency) == sum(row["holdout_orders_actual"] for row in models.values())
    expected = sum(row["holdout_orders_expected"] or 0 for row in models.values())
    assert sum(row[3] for row in by_frequency) == pytest.approx(expected)


def test_the_weekly_forecast_counts_the_weeks_of_the_holdout(spark: SparkSession) -> None:
    from tests.spark_jobs.frames import day

    histories = [
        ("m", "ann", 15, 3, 4.0, 5.0, 1.0, 1, 1.0, 2.0, 2),
        ("m", "new", 15, 0, 0.0, 0.0, None, None, None, None, 0),
        ("young", "bob", 8, 1, 1.0, 3.0, 1.0, 1, 1.0, 2.0, 0),  # one whole week, and the parameters of the other
        ("newborn", "cid", 6, 1, 1.0, 3.0, 1.0, 1, 1.0, 2.0, 0),  # none
    ]
    purchases = [
        ("m", "ann", day("2026-03-16"), Decimal(1)),  # the last day before the holdout
        ("m", "ann", day("2026-03-17"), Decimal(1)),  # its first: week 1
        ("m", "ann", day("2026-03-23"), Decimal(1)),  # week 1
        ("m", "ann", day("2026-03-24"), Decimal(0)),  # worth nothing
        ("m", "ann", day("2026-03-30"), Decimal(1)),  # week 2
        ("m", "ann", day("2026-03-31"), Decimal(1)),  # beyond the last whole week
        ("m", "new", day("2026-03-31"), Decimal(1)),  # not known before
    ]
    used = spark.createDataFrame(
        [(merchant, 0.5, 5.0, 0.8, 2.0) for merchant in ("m", "young", "newborn")],
        "merchant_id string, " + ", ".join(f"{name} double" for name in BEFORE),
    )
    got = lifetimes.holdout_by_week(
        spark.createDataFrame(histories, CUSTOMERS),
        used,
        spark.createDataFrame(purchases, "merchant_id string, user_id string, day date, value decimal(18,2)"),
        day("2026-03-31"),
    )
    until = [
        bgnbd.expected_purchases(np.array([0.5, 5.0, 0.8, 2.0]), np.array([1]), np.array([1.0]), np.array([2.0]), weeks)[0]
        for weeks in (1, 2)
    ]
    assert table(got) == [(1, 2, pytest.approx(2 * until[0])), (2, 1, pytest.approx(until[1] - until[0]))]


def test_the_weekly_forecast_does_not_depend_on_who_comes_together(
    spark: SparkSession, customers: DataFrame, parameters: DataFrame
) -> None:
    days = spark.createDataFrame([], "merchant_id string, user_id string, day date, value decimal(18,2)")
    seen = []
    for most in (7, 100, 10_000):
        with rows_a_batch(spark, most):
            seen.append(table(lifetimes.holdout_by_week(customers, parameters, days, date(2026, 3, 31))))
    assert [row[0] for row in seen[0]] == [1, 2, 3, 4, 5]
    assert seen[0] == seen[1] == seen[2]


def test_flags_by_the_rule(spark: SparkSession) -> None:
    columns = (
        "merchant_id string, user_id string, frequency bigint, recency_weeks double, age_weeks double, p_alive double, "
        "expected_orders_90d double, expected_value_365d decimal(18,2)"
    )
    fans = [
        ("m", "gone", 3, 1.0, 9.0, 0.49, 0.1, Decimal(1)),
        ("m", "even", 3, 1.0, 9.0, 0.5, 0.1, Decimal(1)),
        ("m", "once, late", 0, 0.0, 4.1, 1.0, 0.1, Decimal(1)),
        ("m", "once, in time", 0, 0.0, 4.0, 1.0, 0.1, Decimal(1)),
        ("m", "nothing left", None, None, None, None, None, None),
        ("no gaps", "once", 0, 0.0, 400.0, 1.0, 0.1, Decimal(1)),
    ]
    gaps = spark.createDataFrame([("m", 4.0)], "merchant_id string, long_gap double")
    got = lifetimes.fan_churn_flags(spark.createDataFrame(fans, columns), gaps)
    assert dict(table(got, "user_id", "is_churn_flagged")) == {
        "gone": True,
        "even": False,
        "once, late": True,
        "once, in time": False,
        "nothing left": None,
        "once": False,
    }
