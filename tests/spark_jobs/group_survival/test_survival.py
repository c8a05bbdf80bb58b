"""Group survival: hand-worked lives, corners of C, and lifelines on random ones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.group_survival.survival import end_of_judged, group_durations, group_lifetimes, group_survival
from tests.spark_jobs.frames import at, events, table

Event = tuple[Any, ...]
CHAT = "group_id string, kind string, driver string"
AS_OF = date(2026, 3, 31)
JUDGED = end_of_judged(AS_OF, "Asia/Shanghai")
INSTANT = timedelta(microseconds=1)


def test_c_is_the_end_of_the_date_two_weeks_before() -> None:
    assert at("2026-03-18") == JUDGED
    assert end_of_judged(date(2026, 4, 10), "Europe/London").isoformat() == "2026-03-28T00:00:00+00:00"  # of 03-27; not 23:00
    assert end_of_judged(date(2026, 11, 14), "America/Havana").isoformat() == "2026-11-01T04:00:00+00:00"  # the first midnight


def lives(spark: SparkSession, chats: list[Event], messages: list[Event], joins: list[Event] | None = None) -> DataFrame:
    return group_durations(
        events(spark, CHAT, chats),
        events(spark, "group_id string", messages),
        events(spark, "group_id string, user_id string", joins or []),
        JUDGED,
    )


def test_each_group_dies_or_lives_by_the_rule(spark: SparkSession) -> None:
    judged = at("2026-03-18")
    chats = [
        (at("2026-03-01 12:00:00"), "silent from birth", "product", None),
        (at("2026-03-01 12:00:00"), "died on day 3", "product", None),
        (at("2026-03-01 12:00:00"), "alive", "interest", "region"),
        (at("2026-03-01 12:00:00"), "last word at C", "interest", "region"),
        (at("2026-03-01 12:00:00"), "first word just after C", "interest", "region"),
        (at("2026-03-10"), "spoke before birth", None, "event"),
        (at("2026-03-01"), "born twice", "product", "event"),
        (at("2026-03-12"), "born twice", "resource", None),
        (judged, "born at C", None, None),
        (judged + INSTANT, "born after C", None, None),
    ]
    messages = [
        (at("2026-03-02"), "died on day 3"),
        (at("2026-03-05 11:59:59"), "died on day 3"),
        (at("2026-03-30"), "alive"),
        (judged, "last word at C"),
        (judged + INSTANT, "first word just after C"),
        (at("2026-03-01"), "spoke before birth"),
        (at("2026-03-16"), "born twice"),
        (at("2026-03-16"), "never created"),
    ]
    got = table(lives(spark, chats, messages), "group_id", "duration", "died", "kind", "driver")
    assert got == sorted(
        [
            ("silent from birth", 0, True, "product", "unknown"),
            ("died on day 3", 3, True, "product", "unknown"),
            ("alive", 16, False, "interest", "region"),
            ("last word at C", 16, True, "interest", "region"),
            ("first word just after C", 16, False, "interest", "region"),
            ("spoke before birth", 0, True, "unknown", "event"),
            ("born twice", 15, True, "resource", "unknown"),
            ("born at C", 0, True, "unknown", "unknown"),
        ],
        key=str,
    )


def test_size_bands_count_distinct_members_by_c(spark: SparkSession) -> None:
    sizes = {"none": 0, "one": 1, "fourteen": 14, "fifteen": 15, "fifty": 50, "hundred": 100, "two hundred": 200}
    chats = [(at("2026-03-01"), name, None, None) for name in sizes]
    joins = [(at("2026-03-02"), name, f"u{number}") for name, count in sizes.items() for number in range(count)]
    joins += [
        (at("2026-03-03"), "one", "u0"),
        (at("2026-03-18") + INSTANT, "none", "u0"),
        (at("2026-03-18"), "fourteen", "u13"),
    ]
    got = dict(table(lives(spark, chats, [], joins), "group_id", "size_band"))
    assert got == {
        "none": "0",
        "one": "1-14",
        "fourteen": "1-14",
        "fifteen": "15-49",
        "fifty": "50-99",
        "hundred": "100-199",
        "two hundred": "200+",
    }


def durations(spark: SparkSession, rows: list[tuple[int, bool]]) -> DataFrame:
    columns = "group_id string, duration int, died boolean, kind string, driver string, size_band string"
    return spark.createDataFrame([(str(i), *row, "product", "unknown", "0") for i, row in enumerate(rows)], columns)


def test_hand_worked_curve_and_summary(spark: SparkSession) -> None:
    """Five groups: dead on days 0, 2, 2; censored on days 1 and 4. S = 4/5, then · 1/3."""
    groups = durations(spark, [(0, True), (1, False), (2, True), (2, True), (4, False)])
    survival = group_survival(groups)
    curve = table(survival.where("stratum = 'all'"), "day", "at_risk", "deaths", "survival")
    assert [row[:3] for row in curve] == [(0, 5, 1), (1, 4, 0), (2, 3, 2), (3, 1, 0), (4, 1, 0)]
    assert [row[3] for row in curve] == pytest.approx([0.8, 0.8, 0.8 / 3, 0.8 / 3, 0.8 / 3])
    [summary] = table(group_lifetimes(groups, survival).where("stratum = 'all'"))
    assert summary[:5] == ("all", "all", 5, 3, 2)
    assert summary[5] == pytest.approx(0.8 * 2 + 0.8 / 3 * 88)
    assert summary[6] == pytest.approx(4 / 3)
    assert [row[:2] for row in table(group_lifetimes(groups, survival))] == [
        ("all", "all"),
        ("driver", "unknown"),
        ("kind", "product"),
        ("size_band", "0"),
    ]


def test_bands_are_null_at_0_and_1_and_nobody_dead_has_no_mean(spark: SparkSession) -> None:
    alive = durations(spark, [(2, False), (100, False)])
    assert {row[2:] for row in table(group_survival(alive), "stratum", "day", "survival", "survival_lo", "survival_hi")} == {
        (1.0, None, None)
    }
    [summary] = table(group_lifetimes(alive, group_survival(alive)).where("stratum = 'all'"))
    assert summary == ("all", "all", 2, 0, None, 90.0, None)
    dead = group_survival(durations(spark, [(1, True), (1, True)])).where("stratum = 'all'")
    assert table(dead, "day", "survival", "survival_lo", "survival_hi") == [(0, 1.0, None, None), (1, 0.0, None, None)]


def test_no_group_gives_no_row(spark: SparkSession) -> None:
    none = durations(spark, [])
    assert group_survival(none).count() == 0
    assert group_lifetimes(none, group_survival(none)).count() == 0


def test_equals_lifelines(spark: SparkSession) -> None:
    rng = np.random.default_rng(11)
    lengths, died = rng.geometric(0.04, 400) - 1, rng.random(400) < 0.7
    groups = durations(spark, [(int(length), bool(dead)) for length, dead in zip(lengths, died, strict=True)])
    survival = group_survival(groups)
    got = table(survival.where("stratum = 'kind'"), "day", "survival", "survival_lo", "survival_hi")
    got.sort()
    assert len(got) == lengths.max() + 1
    theirs = KaplanMeierFitter().fit(lengths, died, timeline=range(lengths.max() + 1), alpha=0.05)
    band = theirs.confidence_interval_survival_function_.to_numpy()
    for (_, point, low, high), wanted, (wanted_low, wanted_high) in zip(
        got, theirs.survival_function_["KM_estimate"], band, strict=True
    ):
        assert point == pytest.approx(wanted, abs=1e-9)
        if 0 < point < 1:
            assert (low, high) == pytest.approx((wanted_low, wanted_high), abs=1e-9)
    [summary] = table(group_lifetimes(groups, survival).where("stratum = 'all'"), "median_days")
    assert summary == (theirs.median_survival_time_,)
