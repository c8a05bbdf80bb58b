"""Stages, labels, features and money of merchants, by hand and day by day."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyspark.sql.functions as f
import pytest
from pyspark.sql import SparkSession

from spark_jobs.merchant_churn.features import FEATURES, features, inputs
from spark_jobs.merchant_churn.merchant_days import (
    COUNTS,
    Timelines,
    merchant_days,
    merchant_histories,
    observations,
    recent_money,
    stage_history,
    stages,
)
from tests.spark_jobs.frames import day, rows_a_batch, table

FIRST = date(2026, 1, 1)
ALONE = np.zeros(1, np.int64)  # where merchants begin if there is one


def stage_by_hand(active: set[int], orders: dict[int, int], onboarded: int, today: int) -> str:
    """The rule of the specification, word by word."""

    def is_churned(on: int) -> bool:
        return onboarded < on - 59 and not any(on - 59 <= other <= on for other in active)

    if is_churned(today):
        return "churned"
    if today - onboarded < 30 or sum(count for on, count in orders.items() if on <= today) < 10:
        return "launching"
    if any(is_churned(on) for on in range(max(today - 89, 0), today + 1)):
        return "recovered"
    return "operating"


@pytest.mark.parametrize("seed", range(12))
def test_stages_equal_the_rule_on_random_lives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    length = 400
    orders = np.where(rng.random(length) < rng.choice([0.01, 0.02, 0.3]), rng.integers(1, 4, length), 0)
    logins = rng.random(length) < rng.choice([0.0, 0.01, 0.03])
    onboarded = int(rng.choice([0, 0, 40, 120]))
    is_active = (orders > 0) | logins
    got = stages(is_active, orders, np.array([onboarded]), ALONE)
    active, counts = set(np.flatnonzero(is_active).tolist()), dict(enumerate(orders.tolist()))
    assert got.tolist() == [stage_by_hand(active, counts, onboarded, today) for today in range(length)]


def test_random_lives_reach_every_stage() -> None:
    """Twin of the test above: it would pass on lives that never churn."""
    seen = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        orders = np.where(rng.random(400) < rng.choice([0.01, 0.02, 0.3]), rng.integers(1, 4, 400), 0)
        seen |= set(stages(orders > 0, orders, np.zeros(1, np.int64), ALONE).tolist())
    assert seen == {"churned", "launching", "recovered", "operating"}


def histories(active: list[tuple[int, dict[str, int]]], onboarded: int = 0, revenue: float = 0) -> pa.Table:
    rows = [
        {
            "merchant_id": "m",
            "day": FIRST + timedelta(days=on),
            **{name: counts.get(name, 0) for name in COUNTS},
            "revenue": Decimal(str(revenue)),
            "first_day": FIRST,
            "onboarded_on": FIRST + timedelta(days=onboarded),
        }
        for on, counts in active
    ]
    return pa.Table.from_pylist(rows)


def test_a_merchant_left_if_the_next_thirty_days_are_empty() -> None:
    timeline = Timelines.of(
        histories([(0, {"logins": 1}), (31, {"orders": 1}), (33, {"shares": 1})]), FIRST + timedelta(days=100)
    )
    assert not timeline.has_left[0 + 1]  # the order of day 31 is the thirtieth day after day 1
    assert timeline.has_left[0]  # and the thirty-first after day 0
    assert not timeline.has_left[30]
    assert timeline.has_left[31:70].all()  # shares alone keep nobody


def test_features_by_hand() -> None:
    rows = [
        (0, {"logins": 1}),
        (10, {"logins": 2, "orders": 3}),
        (12, {"orders": 1, "tickets": 2}),
        (14, {"orders": 2, "fans_won": 4}),
    ]
    timeline = Timelines.of(histories(rows, revenue=12.34), FIRST + timedelta(days=60))
    [row] = timeline.features(np.array([40])).to_dict("records")
    assert row["days_since_order"] == 26
    assert row["order_gap"] == 2
    assert row["days_since_login"] == 30
    assert row["login_gap"] == 10
    assert (row["orders_28d"], row["orders_prev_28d"]) == (2, 4)
    assert (row["logins_28d"], row["logins_prev_28d"]) == (0, 3)
    assert (row["revenue_28d"], row["revenue_prev_28d"]) == (12.34, pytest.approx(37.02))
    assert (row["tickets_28d"], row["fans_won_28d"], row["tenure_days"]) == (0, 4, 40)
    assert set(row) == set(FEATURES)


def test_features_of_the_first_day_and_of_silence_are_finite() -> None:
    timeline = Timelines.of(histories([(0, {"shares": 1})]), FIRST + timedelta(days=200))
    frame = timeline.features(np.array([0, 200]))
    assert frame["days_since_order"].isna().all()  # there never was one
    weighed = inputs(frame)
    assert weighed["order_silence"].tolist() == pytest.approx(
        [math.log(2), math.log(61)]
    )  # since before the first day, 60 at most
    assert all(np.all(np.isfinite(values)) for values in weighed.values())


def test_a_silence_is_told_in_full_and_weighed_as_sixty_days() -> None:
    timeline = Timelines.of(histories([(0, {"orders": 1}), (2, {"orders": 1})]), FIRST + timedelta(days=200))
    frame = timeline.features(np.array([50, 200]))
    assert frame["days_since_order"].tolist() == [48, 198]
    assert inputs(frame)["order_silence"].tolist() == pytest.approx([math.log(49), math.log(61)])


LIFE = pa.schema(
    [("merchant_id", pa.string()), ("first_day", pa.date32()), ("onboarded_on", pa.date32()), ("day", pa.date32())]
    + [(name, pa.int64()) for name in COUNTS]
    + [("revenue", pa.decimal128(28, 2))]
)


def random_lives(as_of: date) -> tuple[list[list[dict[str, Any]]], pa.Table]:
    """Lives of other lengths and money, and all their rows in another order; some merchants have no day at all."""
    rng = np.random.default_rng(8)
    lives = []
    for number in range(40):
        first = int(rng.integers(0, 290))
        days = [int(on) + first for on in np.flatnonzero(rng.random(301 - first) < rng.choice([0.02, 0.1, 0.5]))]
        began = FIRST + timedelta(days=first)
        own = {"merchant_id": f"m{number:02d}", "first_day": began, "onboarded_on": began + timedelta(days=number % 20)}
        most = 10**17 if number % 3 else 900
        rows = [
            {
                "day": FIRST + timedelta(days=on),
                **{name: int(rng.integers(0, 3)) for name in COUNTS},
                "revenue": Decimal(int(rng.integers(-500, most))).scaleb(-2),
            }
            for on in days
        ]
        lives.append([own | row for row in rows or [{"day": None, **dict.fromkeys(COUNTS), "revenue": None}]])
    assert any(life[0]["day"] is None for life in lives)
    rows = [row for life in lives for row in life]
    return lives, pa.Table.from_pylist([rows[at] for at in rng.permutation(len(rows))], LIFE)


def test_what_is_known_of_a_merchant_does_not_depend_on_those_beside_it() -> None:
    as_of = FIRST + timedelta(days=300)
    lives, rows = random_lives(as_of)
    many = Timelines.of(rows, as_of)
    seen = many.features(np.arange(len(many.day)))
    changes = many.changes
    assert len(many.merchants) == len(lives)
    for life in lives:
        alone = Timelines.of(pa.Table.from_pylist(life, LIFE), as_of)
        place = many.merchants.index(life[0]["merchant_id"]).as_py()
        entries = np.flatnonzero(many.merchant == place)
        assert entries[-1] == many.today[place]
        assert many.day[entries].tolist() == alone.day.tolist()
        assert many.stage[entries].tolist() == alone.stage.tolist()
        assert many.has_left[entries].tolist() == alone.has_left.tolist()
        assert (changes[np.isin(changes, entries)] - entries[0]).tolist() == alone.changes.tolist()
        there = seen.iloc[entries].reset_index(drop=True)
        pd.testing.assert_frame_equal(there, alone.features(np.arange(len(entries))), check_exact=True)


def test_nor_on_how_spark_cuts_their_rows(spark: SparkSession) -> None:
    """Two rows a batch, so that most merchants lie in several, beside all of a partition in one."""
    as_of = FIRST + timedelta(days=300)
    _, rows = random_lives(as_of)
    histories = spark.createDataFrame(rows).repartition(3)
    seen = {}
    for most in (2, len(rows)):
        with rows_a_batch(spark, most):
            seen[most] = [table(work(histories, as_of)) for work in (observations, stage_history)]
    assert seen[2] == seen[len(rows)]
    assert all({row[0] for row in part} == {f"m{number:02d}" for number in range(40)} for part in seen[2])


@pytest.mark.parametrize("on", [-1, 101])
def test_a_day_outside_a_life_is_refused(on: int) -> None:
    with pytest.raises(ValueError, match="before the first of its merchant, or after 2026-04-11"):
        Timelines.of(histories([(0, {"logins": 1}), (on, {"orders": 1})]), FIRST + timedelta(days=100))


def sees_the_future(describe: Callable[..., pd.DataFrame]) -> bool:
    """Whether features of day 100 change when everything after it does."""
    rng = np.random.default_rng(3)
    counts = {name: rng.integers(0, 5, 200).astype(float) for name in COUNTS}
    cents = rng.integers(-1000, 10_000, 200).astype(float)
    shifted = {name: np.concatenate([values[:101], values[101:][::-1] * 7]) for name, values in counts.items()}
    other_cents = np.concatenate([cents[:101], -cents[101:]])
    at = np.array([30, 100])
    return not describe(counts, cents, at, ALONE).equals(describe(shifted, other_cents, at, ALONE))


def test_features_do_not_see_the_future() -> None:
    assert not sees_the_future(features)


def test_a_planted_feature_that_sees_the_future_is_found() -> None:
    def leaking(counts: dict[str, np.ndarray], cents: np.ndarray, at: np.ndarray, begins: np.ndarray) -> pd.DataFrame:
        return features(counts, cents, at, begins).assign(orders_28d=counts["orders"][at + 1])

    assert sees_the_future(leaking)


def test_days_money_history_and_observations_of_merchants(spark: SparkSession) -> None:
    """Three merchants: one at work, one that only ever was named, one whose onboarding was written twice."""
    as_of = day("2026-06-30")
    named = spark.createDataFrame(
        [
            ("m1", "shop.merchant_onboarded.v1", None, day("2026-01-02"), 1),
            ("m1", "shop.merchant_onboarded.v1", None, day("2026-05-02"), 1),
            ("m1", "shop.page_viewed.v1", None, day("2026-01-01"), 5),
            ("m1", "shop.merchant_active.v1", "login", day("2026-06-28"), 2),
            ("m1", "shop.merchant_active.v1", "feature_used", day("2026-06-28"), 3),
            ("m1", "shop.fan_unfollowed.v1", None, day("2026-06-28"), 1),
            ("m1", "shop.fan_blocked.v1", None, day("2026-06-28"), 1),
            ("m1", "group.team_opened.v1", None, day("2026-06-28"), 4),
            ("m2", "stream.live_started.v1", None, day("2026-06-01"), 1),
        ],
        "merchant_id string, event_type string, action string, event_date date, events bigint",
    )
    orders = spark.createDataFrame(
        [("m1", "o1", "u", day("2026-06-03"), Decimal("10.00")), ("m1", "o2", "u", day("2026-06-02"), Decimal("7.00"))],
        "merchant_id string, order_id string, user_id string, paid_on date, amount decimal(18,2)",
    )
    refunds = spark.createDataFrame(
        [("m1", "o1", "u", day("2026-06-29"), Decimal("2.50")), ("m1", "o2", "u", day("2026-05-06"), Decimal("1.00"))],
        "merchant_id string, order_id string, user_id string, refunded_on date, amount decimal(18,2)",
    )
    days = merchant_days(named, orders, refunds)
    assert table(days.where("day = '2026-06-28'")) == [("m1", day("2026-06-28"), 0, 2, 3, 0, 0, 2, 0, 4, Decimal("0.00"))]
    rows = merchant_histories(named, days).persist()
    assert table(rows.select("merchant_id", "first_day", "onboarded_on").distinct()) == [
        ("m1", day("2026-01-01"), day("2026-01-02")),
        ("m2", day("2026-06-01"), day("2026-06-01")),
    ]
    assert table(recent_money(rows, as_of)) == [
        ("m1", 27, 2, Decimal("7.50"), Decimal("6.00")),
        ("m2", None, None, Decimal("0.00"), Decimal("0.00")),
    ]
    assert table(stage_history(rows, as_of)) == [
        ("m1", "churned", day("2026-03-03"), day("2026-06-02")),
        ("m1", "launching", day("2026-01-01"), day("2026-03-03")),
        ("m1", "launching", day("2026-06-02"), None),
        ("m2", "launching", day("2026-06-01"), None),
    ]
    observed = observations(rows, as_of)
    today = table(observed.where(f"day = '{as_of}'"), "merchant_id", "stage", "has_left", "days_since_login", "teams_28d")
    assert today == [("m1", "launching", None, 2.0, 4.0), ("m2", "launching", None, None, 0.0)]
    past = table(observed.where(f"day < '{as_of}'").groupBy("merchant_id").agg(f.max("day"), f.count("*")))
    assert past == [("m1", day("2026-05-31"), 22)]  # m2 was not there yet
    labels = dict(table(observed.where("merchant_id = 'm1'"), "day", "has_left"))
    assert labels[day("2026-05-31")] is False
    assert labels[day("2026-04-19")] is True


def test_days_of_more_money_than_an_amount_can_be_stop_nobody(spark: SparkSession) -> None:
    huge, as_of = Decimal("9000000000000000.00"), day("2026-06-30")
    named = spark.createDataFrame(
        [(merchant, "shop.order_paid.v1", None, as_of, 1) for merchant in ("m1", "m2")],
        "merchant_id string, event_type string, action string, event_date date, events bigint",
    )
    orders = spark.createDataFrame(
        [("m1", "o1", "u", as_of, huge), ("m1", "o2", "u", as_of, huge), ("m2", "o1", "u", as_of, Decimal("7.00"))],
        "merchant_id string, order_id string, user_id string, paid_on date, amount decimal(18,2)",
    )
    nothing = spark.createDataFrame(
        [], "merchant_id string, order_id string, user_id string, refunded_on date, amount decimal(18,2)"
    )
    rows = merchant_histories(named, merchant_days(named, orders, nothing)).persist()
    assert table(recent_money(rows, as_of), "merchant_id", "revenue_28d") == [("m1", 2 * huge), ("m2", Decimal("7.00"))]
    assert table(observations(rows, as_of), "merchant_id", "revenue_28d") == [("m1", 1.8e16), ("m2", 7.0)]
