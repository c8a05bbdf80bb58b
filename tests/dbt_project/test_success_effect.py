"""What calls bring: the arithmetic by hand, the interval of two rates as it was published, and a planted effect.

The effect is planted in the events and the lists of 3,000 merchants by a known law, and dbt builds the marts of them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest

from contract.settings import Settings
from dbt_project.build import run_dbt
from tests.dbt_project.rendering import macro, model
from tests.dbt_project.tiny_lake import TinyLake, write_derived

ZONE = ZoneInfo("Asia/Shanghai")
MERCHANTS = 3_000
FIRST, DAYS = date(2026, 1, 1), 20
AS_OF = FIRST + timedelta(days=DAYS + 30)
HELPS, DOES_NOT = "*.orders", "*.logins"
UPLIFT = {HELPS: 0.25, DOES_NOT: 0.0}


@pytest.mark.parametrize(
    ("counts", "bounds"),
    [  # Newcombe (1998), table II, method 10, the examples (a) to (h)
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_of_a_difference_is_that_of_newcombe(
    counts: tuple[int, int, int, int], bounds: tuple[float, float]
) -> None:
    rates = "select {}, {}, {}, {}, {} / {} as p, {} / {} as q".format(
        *(
            f"{macro(call)} as {name}"
            for name, call in (
                ("p_lo", f"wilson_lo({counts[0]}, {counts[1]})"),
                ("p_hi", f"wilson_hi({counts[0]}, {counts[1]})"),
                ("q_lo", f"wilson_lo({counts[2]}, {counts[3]})"),
                ("q_hi", f"wilson_hi({counts[2]}, {counts[3]})"),
            )
        ),
        *counts,
    )
    lo, hi = macro("newcombe_lo('p', 'p_lo', 'q', 'q_hi')"), macro("newcombe_hi('p', 'p_hi', 'q', 'q_lo')")
    assert duckdb.sql(f"select {lo}, {hi} from ({rates})").fetchone() == pytest.approx(bounds, abs=5e-5)


CALLS = """
    select * from (values
        ('a', 'amy', date '2026-03-01', 'orders', '*.orders'), ('a', 'amy', date '2026-03-31', 'orders', '*.orders'),
        ('b', 'amy', date '2026-03-02', 'orders', '*.orders'), ('c', 'amy', date '2026-03-02', 'orders', '*.orders'),
        ('d', 'amy', date '2026-03-02', 'orders', '*.orders'), ('e', 'all', date '2026-05-02', 'risk', null)
    ) as calls(merchant_id, manager, called_on, reason, step)
"""
OPENED = """
    select *, timestamp '2026-03-02 02:00:00' as called_at, 'orders' as reason, '*.orders' as step, '2026-03' as month
    from (values ('a', 'amy', true), ('b', 'amy', true), ('c', 'amy', false), ('d', 'amy', false))
        as opened(merchant_id, manager, is_recovered)
"""
MATCHED = """
    select *, 'amy' as manager, timestamp '2026-03-02 02:00:00' as called_at
    from (values
        ('a', 'x', true, 1.0), ('b', 'x', true, 0.5), ('b', 'y', false, 0.5), ('c', 'x', true, 0.25), ('c', 'y', false, 0.25),
        ('c', 'z', false, 0.5)
    ) as matched(merchant_id, other_merchant_id, is_recovered, weight)
"""
ARMS = """
    select 'amy' as manager, 'orders' as reason, '2026-03' as month, i >= 70 as is_held_out, i < 56 or i >= 102 as is_recovered
    from range(150) as merchants(i)
"""
TABLES = {
    "success_calls": CALLS,
    "int_success_calls_opened": OPENED,
    "int_success_calls_matched": MATCHED,
    "int_success_arms_followed": ARMS,
}


def _effects(holdout_share: str) -> dict[tuple[str, ...], dict[str, Any]]:
    frame = duckdb.sql(model("success_effect", TABLES, as_of="2026-05-20", holdout_share=holdout_share))
    rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.fetchall()]
    return {(row["manager"], row["reason"], row["step"], row["month"]): row for row in rows}


def test_a_cell_by_hand() -> None:
    """x counts for 1 + ½ + ¼ of the three calls that have others, y for ¾, z for ½: 9 / 3.875 = 2.32 merchants in effect."""
    row = _effects("0.1")["amy", "orders", "*.orders", "2026-03"]
    assert (row["calls"], row["called"], row["recovered"], row["recovery_rate"]) == (5, 4, 2, 0.5)
    assert (row["recovery_rate_lo"], row["recovery_rate_hi"]) == pytest.approx((0.1500, 0.8500), abs=5e-5)
    assert (row["matched_calls"], row["matched_recovered"], row["others"]) == (3, 2, 3)
    assert (row["matched_rate"], row["others_rate"], row["uplift"]) == pytest.approx((2 / 3, 7 / 12, 1 / 12))
    # Wilson of 2 of 3: 0.2077 to 0.9385; of 7/12 of 2.3226: 0.1388 to 0.9240
    assert (row["uplift_lo"], row["uplift_hi"]) == pytest.approx((-0.4883, 0.6044), abs=2e-4)
    assert not row["is_total"]
    assert row["month_start"] == date(2026, 3, 1)
    assert row["due"] is None


def test_those_that_were_due_against_those_that_are_held_out_in_the_totals_of_steps_alone() -> None:
    effects = _effects("0.1")
    for key in (("amy", "orders", "all", "2026-03"), ("all", "all", "all", "all")):
        row = effects[key]
        assert (row["due"], row["due_recovered"], row["held_out"], row["held_out_recovered"]) == (70, 56, 80, 48)
        assert (row["uplift_of_draw"], row["uplift_of_draw_lo"], row["uplift_of_draw_hi"]) == pytest.approx(
            (0.2, 0.0524, 0.3339), abs=5e-5
        )
        assert row["is_total"]
    assert effects["all", "all", "all", "all"]["calls"] == 6
    assert {row["due"] for key, row in effects.items() if key[2] != "all"} == {None}


def test_without_a_holdout_nobody_is_compared_with_it() -> None:
    effects = _effects("0")
    assert {row["due"] for row in effects.values()} == {None}
    assert effects["all", "all", "all", "all"]["called"] == 4


def test_a_manager_who_is_called_all_is_no_total() -> None:
    effects = _effects("0.1")
    assert effects["(all)", "risk", "unknown", "2026-05"]["calls"] == 1
    assert len(effects) == len({tuple(key) for key in effects}) == 16 + 16 - 1  # they share the total alone


@dataclass
class Platform:
    """Merchants of whom each was due on one day: the step that it was called with on the next, and whether it recovered."""

    settings: Settings
    steps: list[str | None]
    are_recovered: list[bool]
    are_held_out: list[bool]

    def naive(self, step: str) -> tuple[float, float]:
        """The recovery rate of those that were called with a step minus that of all that were not called, and 1.96 errors."""
        rates, variance = [], 0.0
        for wanted in (step, None):
            came = [is_recovered for is_recovered, made in zip(self.are_recovered, self.steps, strict=True) if made == wanted]
            rates.append(sum(came) / len(came))
            variance += rates[-1] * (1 - rates[-1]) / len(came)
        return rates[0] - rates[1], 1.96 * variance**0.5

    def of_the_draw(self) -> float:
        """What calls add to the recovery of a merchant that is not held out, by the law."""
        due = [
            UPLIFT.get(step or "", 0.0) for step, held_out in zip(self.steps, self.are_held_out, strict=True) if not held_out
        ]
        return sum(due) / len(due)

    def effects(self) -> dict[tuple[str, str, str, str], dict[str, Any]]:
        """The mart, by its key."""
        outcome = run_dbt(self.settings, AS_OF, "--quiet", "run", "--select", "+success_effect")
        assert outcome.success, outcome.exception
        with duckdb.connect(str(self.settings.warehouse(AS_OF)), read_only=True) as con:
            frame = con.sql("from marts.success_effect")
            rows = [dict(zip(frame.columns, row, strict=True)) for row in frame.fetchall()]
        return {(row["manager"], row["reason"], row["step"], row["month"]): row for row in rows}


def _plant(home: Path, holdout_share: float) -> Platform:
    """The law: a merchant at risk p recovers with probability 1.2 − 1.3 p, 0.1 more on the plan basic, UPLIFT more if called.

    The riskier it is, and on the plan pro, the more likely it is called: the called would have done worse than the others.
    Nobody is called who is held out.
    """
    share = str(holdout_share) if holdout_share else ""
    settings = Settings.from_environment({"FANOUT_HOME": str(home), "FANOUT_HOLDOUT_SHARE": share})
    rng = np.random.default_rng(20)
    lake, platform = TinyLake(settings), Platform(settings, [], [], [])
    flags: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for number in range(MERCHANTS):
        merchant = {"merchant_id": f"m-{number:04d}"}
        listed_on = FIRST + timedelta(days=number % DAYS)
        called_at = datetime.combine(listed_on, time(10), ZONE) + timedelta(days=1)
        risk, is_pro, size = rng.uniform(0.5, 0.8), bool(rng.random() < 0.5), int(rng.choice([900, 9_000]))
        call, way, luck = rng.random(3).tolist()
        digest = sha256(f"fanout:{merchant['merchant_id']}".encode()).hexdigest()
        is_held_out = int(digest[:8], 16) / 2**32 < holdout_share
        is_called = call < 2 * (risk - 0.5) + 0.2 * is_pro and not is_held_out
        step = (HELPS if way < 0.7 else DOES_NOT) if is_called else None
        is_recovered = luck < 1.2 - 1.3 * risk + 0.1 * (not is_pro) + UPLIFT.get(step or "", 0.0)
        platform.steps.append(step)
        platform.are_recovered.append(is_recovered)
        platform.are_held_out.append(is_held_out)
        plan = "pro" if is_pro else "basic"
        lake.add("merchant_onboarded", "2025-06-01T09:00:00+08:00", **merchant, plan=plan, account_manager="amy")
        if step:
            lake.add("success_call", called_at.isoformat(), **merchant, manager="amy", result="talked", step=step)
        if is_recovered:
            paid_at = called_at + timedelta(days=int(rng.integers(1, 27)))
            order = {"order_id": "o", "user_id": "u", "amount": "10.00", "currency": "CNY"}
            lake.add("order_paid", paid_at.isoformat(), **merchant, **order)
        money = dict.fromkeys(("revenue_28d", "revenue_prev_28d"), Decimal(size))
        money |= dict.fromkeys(("expected_loss", "at_stake"), Decimal(1))
        reasons = [{"topic": "orders", "days": 9, "gap": 2}]
        judged = {"stage": "at_risk", "churn_probability": risk, "is_churn_flagged": True, "reasons": reasons}
        flags[listed_on].append(merchant | judged | money | {"capacity": 100, "model_version": "planted"})
    lake.write()
    for day, rows in flags.items():
        write_derived(settings, "merchant_churn_flags", day, rows)
    return platform


@pytest.mark.parametrize("holdout_share", [0.0, 0.2])
def test_a_planted_uplift_is_found_and_the_naive_rate_is_not_it(tmp_path: Path, holdout_share: float) -> None:
    platform = _plant(tmp_path, holdout_share)
    effects = platform.effects()
    for step, planted in UPLIFT.items():
        row = effects["all", "all", step, "all"]
        assert row["called"] == platform.steps.count(step) > 200
        assert row["matched_calls"] > 0.8 * row["called"]
        assert row["uplift_lo"] <= planted <= row["uplift_hi"], (step, row)
        assert row["uplift_hi"] - row["uplift_lo"] < 0.25
        naive, error = platform.naive(step)
        assert naive + error < planted, (step, naive, error)
    assert effects["all", "all", HELPS, "all"]["uplift_lo"] > 0
    assert {row["manager"] for row in effects.values()} == {"amy", "all"}
    assert {row["reason"] for row in effects.values()} == {"orders", "all"}
    everyone = effects["all", "all", "all", "all"]
    if not holdout_share:
        assert everyone["held_out"] is None
    else:
        assert everyone["held_out"] == sum(platform.are_held_out)
        assert everyone["due"] + everyone["held_out"] == MERCHANTS
        assert everyone["uplift_of_draw_lo"] <= platform.of_the_draw() <= everyone["uplift_of_draw_hi"]
