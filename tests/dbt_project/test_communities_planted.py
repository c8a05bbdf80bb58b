"""What is planted among chat groups and their people, found by the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from statistics import correlation
from typing import Any

import duckdb
import pytest

from contract.settings import Settings
from dbt_project.build import variables
from simulator.communities import CAP, simulate_communities
from tests.dbt_project.planted import TWO_LAYERS, run, stage
from tests.simulator.landing import read_landing

END = date(2026, 3, 31)
MARTS = (
    "group_health",
    "group_lifetimes",
    "community_days",
    "community_months",
    "share_fatigue",
    "fan_survival",
    "community_people",
)
# Kaplan and Meier in place of the Spark family's: dead is who died by 14 days before the end, when all others are censored.
CURVES = """
create table stg_group_survival__group_survival as
with lives as (
    select stratum, value, coalesce(died_date <= date '2026-03-17', false) as is_dead,
        least(coalesce(died_date, date '2026-03-17'), date '2026-03-17') - born_date as age
    from int_group_strata_assigned join int_group_lives_dated using (group_id)
),
days as (select stratum, value, unnest(range(max(age) + 1)) as day from lives group by all)
select stratum, value, day, count(*) filter (where age >= day) as at_risk,
    count(*) filter (where age = day and is_dead) as deaths, 1.0::double as survival
from days join lives using (stratum, value)
group by all
"""
LIFETIMES = """
create table stg_group_survival__group_lifetimes as
select stratum, value, max(at_risk) as groups, sum(deaths)::bigint as deaths, null::bigint as median_days,
    0.0::double as rmst_90, null::double as naive_mean_days
from stg_group_survival__group_survival
group by all
"""

Truth = dict[str, Any]
Marts = tuple[duckdb.DuckDBPyConnection, Truth]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    out = tmp_path_factory.mktemp("communities") / "landing"
    simulate_communities(out, END)
    landing = read_landing(out, json.loads((out / "_truth.json").read_bytes()))
    assert landing.counts == landing.truth["events"]
    assert sum(landing.counts.values()) > 40_000
    known = variables(Settings.from_environment({}), END)
    with duckdb.connect() as con:
        stage(con, landing)
        con.execute(TWO_LAYERS)
        run(con, ["int_group_strata_assigned", "int_group_lives_dated"], **known)
        con.execute(CURVES)
        con.execute(LIFETIMES)
        made = run(con, MARTS, **known)
        assert {*MARTS} <= {*made}
        yield con, landing.truth


def _rows(planted: Marts, query: str) -> list[tuple[Any, ...]]:
    return planted[0].execute(query).fetchall()


def test_good_owners_are_told_from_bad_ones(planted: Marts) -> None:
    found = _rows(planted, "select user_id, owner_effect, owner_reliability from community_people where groups_owned = 4")
    quality = planted[1]["owner_quality"]
    assert {user for user, _, _ in found} == quality.keys()
    assert correlation([quality[user] for user, _, _ in found], [effect for _, effect, _ in found]) > 0.7
    assert all(0.5 < reliability < 1 for _, _, reliability in found)


def test_drivers_die_at_their_hazards(planted: Marts) -> None:
    for driver, hazard in planted[1]["hazards"].items():
        ((deaths, days),) = _rows(
            planted, f"select sum(deaths), sum(at_risk) from stg_group_survival__group_survival where value = '{driver}'"
        )
        assert abs(deaths / days - hazard) < 2 * (hazard * (1 - hazard) / days) ** 0.5
    found = dict(_rows(planted, "select value, deaths / deaths_expected from group_lifetimes where logrank_p < 0.001"))
    assert found["benefit"] > 2 * found["interest"]


def test_the_longer_a_group_is_silent_the_fewer_speak_again(planted: Marts) -> None:
    found = {
        band: bounds
        for band, *bounds in _rows(
            planted,
            """select case when silent_days <= 3 then '2-3' when silent_days <= 6 then '4-6' else '7-13' end as band,
                any_value(landmark_groups), any_value(survival_30d_lo), any_value(survival_30d_hi),
                count(distinct survival_30d)
            from group_health join group_activity using (group_id)
            where group_health.merchant_id = 'm-silence' and group_health.state <> 'dead' and silent_days > 1
            group by all""",
        )
    }
    truth = planted[1]["speak_again"]
    assert found.keys() == truth.keys()
    for band, (groups, low, high, different) in found.items():
        assert (groups, different) == (120, 1)
        assert low < truth[band] < high


def test_shares_are_opened_and_left_after_as_planted(planted: Marts) -> None:
    found = _rows(planted, "from share_fatigue where merchant_id = 'm-tired' order by k")
    names = [column[0] for column in planted[0].description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found]
    truth = planted[1]
    assert [row["k"] for row in rows] == [1, 2, 3, 4, 5]
    planted_rates = [(name, k, truth[f"{name}s"][k]) for name in ("open_rate", "lost_rate") for k in range(5)]
    covered = [rows[k][f"{name}_lo"] < rate < rows[k][f"{name}_hi"] for name, k, rate in planted_rates]
    assert sum(covered) >= 8  # of ten intervals of 95 %
    for name, k, rate in planted_rates:
        assert abs(rows[k][name] - rate) < 3 * (rate * (1 - rate) / rows[k]["exposures"]) ** 0.5
    assert {row["advised_cap"] for row in rows} == {CAP}
    assert rows[4]["relative_response"] == pytest.approx(truth["open_rates"][4] / truth["open_rates"][0], abs=0.04)
    assert _rows(planted, "select count(*) from community_people where is_over_cap and merchant_id = 'm-tired'") == [(40,)]


def test_starters_invite_the_known_number_after_the_known_delay(planted: Marts) -> None:
    months = _rows(
        planted,
        """select starters, k_factor, cycle_days from community_months
        where merchant_id = 'm-invites' and starters_observed >= 100""",
    )
    assert len(months) >= 2
    for starters, invited, delay in months:
        assert abs(invited - planted[1]["invited"]) < 2 * (planted[1]["invited"] / starters) ** 0.5
        assert delay == pytest.approx(planted[1]["delay"], abs=0.5)


def test_fans_leave_at_the_hazard_of_what_won_them(planted: Marts) -> None:
    found = {
        value: bounds
        for value, *bounds in _rows(
            planted,
            """select value, survival_30d_lo, survival_30d_hi, logrank_p from fan_survival
            where merchant_id = 'm-methods' and stratum = 'method'""",
        )
    }
    truth = planted[1]["survival_30d"]
    assert found.keys() == truth.keys()
    for method, (low, high, _) in found.items():
        assert low < truth[method] < high
    assert found["tool"][2] < 0.001
    assert found["invited"][2] < 0.001


def test_friends_who_only_like_the_same_do_not_pull_each_other(planted: Marts) -> None:
    """Without matching both look alike: of friends who like the same, who leave are like each other."""
    found = {
        merchant: rest
        for merchant, *rest in _rows(
            planted,
            """select merchant_id, co_churn_matched_lo, co_churn_matched, co_churn_matched_hi,
                (co_churn_exposed_lost / co_churn_exposed) / (co_churn_unexposed_lost / co_churn_unexposed)
            from community_months where merchant_id in ('m-taste', 'm-pull') and month = '2026-03'""",
        )
    }
    assert found.keys() == {"m-taste", "m-pull"}
    low, matched, high, raw = found["m-taste"]
    assert low < 1 < high
    assert matched == pytest.approx(1, abs=0.2)
    assert raw > 1.4
    assert found["m-pull"][0] > 1.2


def test_talk_falls_with_size_as_planted(planted: Marts) -> None:
    ((groups, low, slope, high),) = _rows(
        planted,
        """select elasticity_groups, size_elasticity_lo, size_elasticity, size_elasticity_hi from group_lifetimes
        where stratum = 'kind' and value = 'knowledge'""",
    )
    assert groups == 24
    assert low < planted[1]["size_slope"] < high
    assert slope < 0


def test_a_spike_passes_and_a_step_stays(planted: Marts) -> None:
    shapes = dict(
        _rows(
            planted,
            """select merchant_id, growth_shape from community_months
            where merchant_id in ('m-steady', 'm-spike', 'm-step') and month = '2026-02'""",
        )
    )
    assert shapes == planted[1]["shapes"]


def test_the_day_that_bursts_is_found_and_no_other(planted: Marts) -> None:
    bursts = _rows(planted, "select date::varchar from community_days where merchant_id = 'm-spike' and is_burst")
    assert bursts == [(planted[1]["burst"],)]
