"""Survival of fans against exact fractions, on curves long enough that floating point differs from day to day."""

from __future__ import annotations

import random
from fractions import Fraction

import duckdb
import pytest

from tests.dbt_project.rendering import model

# Day of the last observation, and whether the fan was lost on it.
Fans = list[tuple[int, bool]]


def curve(seed: int) -> Fans:
    """Losses in the first thirty days alone; each of the days to 99 has a fan whose observation ends."""
    draw = random.Random(seed)
    return [(day, day <= 30 and draw.random() < 0.4) for day in range(1, 100)]


def survival(fans: Fans, horizon: int) -> Fraction:
    """The product-limit estimate (Kaplan and Meier, 1958)."""
    product = Fraction(1)
    for day in sorted({day for day, is_lost in fans if is_lost and day <= horizon}):
        at_risk = sum(other >= day for other, _ in fans)
        lost = sum(other == day and is_lost for other, is_lost in fans)
        product *= Fraction(at_risk - lost, at_risk)
    return product


@pytest.mark.parametrize("seed", range(20))
def test_survival_is_that_of_exact_fractions_and_never_rises(seed: int) -> None:
    fans = curve(seed)
    with duckdb.connect() as con:
        con.execute("create table fans (merchant_id varchar, method varchar, ties varchar, days integer, is_lost boolean)")
        con.executemany("insert into fans values ('m', 'scan', '0', ?, ?)", fans)
        query = model("fan_survival", {"int_fans_followed": "from fans"})
        [found] = con.execute(
            f"select survival_30d, survival_90d from ({query}) where merchant_id = 'm' and stratum = 'all'"
        ).fetchall()
    assert found == pytest.approx([float(survival(fans, 30)), float(survival(fans, 90))])
    assert found[1] <= found[0]
