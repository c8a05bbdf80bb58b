"""What is planted among leads, outreach and representatives is found: the models' own SQL over people drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from contract.machine import load_extension
from dbt_project.build import PROJECT
from dbt_project.lead_weights import suggest
from tests.dbt_project.rendering import model

DAY = {"as_of": "2026-03-31", "end_of_as_of": "2026-03-31 16:00:00", "timezone": "Asia/Shanghai"}
FIRST = pd.Timestamp("2026-02-02 02:00:00")
CLAIM = f"select * from read_csv('{PROJECT}/seeds/claims.csv')"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(load_extension("icu"))
        yield connection


def _make(con: duckdb.DuckDBPyConnection, name: str, inputs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Run a model over these queries and keep it as a table; its rows."""
    con.execute(f"create table {name} as {model(name, inputs, **DAY)}")
    rows: list[dict[str, Any]] = con.execute(f"from {name}").to_arrow_table().to_pylist()
    return rows


def test_scripts_at_25_and_8_percent_are_told_apart(con: duckdb.DuckDBPyConnection) -> None:
    people = 900
    rng = np.random.default_rng(20)
    script = np.repeat(["warm", "cold"], people)
    accepts = rng.random(2 * people) < np.where(script == "warm", 0.25, 0.08)
    calls = pd.DataFrame(
        {
            "merchant_id": "m",
            "user_id": [f"u{number}" for number in range(2 * people)],
            "event_time": FIRST + pd.to_timedelta(rng.integers(0, 480, 2 * people), unit="min"),
            "event_date": FIRST.date(),
            "kind": "call",
            "script": script,
            "result": np.where(accepts, "accepted", "no_answer"),
            "is_opt_out": False,
        }
    )
    con.register("calls", calls)
    nobody = "select 'm' as merchant_id, 'x' as user_id, timestamp '2026-01-01' as event_time, 'follow' as tie where false"
    inputs = {"stg_shop__outreach_made": "from calls", "stg_shop__fan_blocked": nobody, "int_fan_ties_unioned": nobody}
    _make(con, "int_outreach_followed", inputs)
    found = _make(con, "outreach_results", {"int_outreach_followed": "from int_outreach_followed", "claims": CLAIM})
    of = {row["value"]: row for row in found if row["stratum"] == "script"}
    assert of["warm"]["accepted_rate_lo"] < 0.25 < of["warm"]["accepted_rate_hi"]
    assert of["cold"]["accepted_rate_lo"] < 0.08 < of["cold"]["accepted_rate_hi"]
    assert (of["warm"]["band"], of["cold"]["band"]) == ("within", "below")
    assert {row["value"] for row in found if row["stratum"] == "hour"} == {f"{hour:02}" for hour in range(10, 18)}


def _representatives(con: duckdb.DuckDBPyConnection, best: float) -> dict[str, dict[str, Any]]:
    """Eight with 300 customers each who ask at once; whom they answer fast, half of them, buy twice as often. The last sells
    `best` times as much as the others."""
    people = 2_400
    rng = np.random.default_rng(21)
    number = np.arange(people)
    is_fast = rng.random(people) < 0.5
    buys = rng.random(people) < np.where(is_fast, 0.24, 0.12) * np.where(number % 8 == 7, best, 1)
    customers = pd.DataFrame({"merchant_id": "m", "user_id": [f"u{one}" for one in number]})
    asked = customers.assign(event_time=FIRST, direction="in", event_id=[f"a{one}" for one in number])
    answered = asked.assign(
        event_time=FIRST + pd.to_timedelta(np.where(is_fast, 300, 3_000), unit="s"), direction="out", event_id="b"
    )
    messages = pd.concat([asked, answered]).assign(event_source="s", rep_id=[f"r{one % 8}" for one in [*number, *number]])
    con.register("messages", messages.assign(event_date=FIRST.date(), script=None, script_step=None))
    con.register("bought", customers[buys].assign(paid_at=FIRST + pd.Timedelta(days=2), coupon_id=None, is_first_order=True))
    nothing = """select *, null::varchar as rep_id, 'x' as result, null::varchar as script,
        null::bigint as script_step, 'x' as kind, 'x' as object_type, 'x' as live_id, 'x' as coupon_id,
        1.00 as amount, event_time as claimed_at, 'v1' as version,
        event_date as valid_from, event_date as valid_to, 1 as step, 0 as day
        from (from messages select * exclude (rep_id, script, script_step)) where false"""
    inputs = dict.fromkeys(
        (
            "stg_shop__fan_followed",
            "stg_shop__outreach_made",
            "stg_shop__page_viewed",
            "stg_stream__interaction",
            "int_lives_bounded",
            "int_red_packet_claims_deduplicated",
            "stg_shop__coupon_claimed",
            "script_steps",
            "stg_shop__spend_recorded",
        ),
        nothing,
    )
    inputs |= {"stg_shop__direct_message": "from messages", "int_orders_netted": "from bought"}
    for name in ("int_rep_customers_met", "int_rep_customers_followed", "sales_reps"):
        found = _make(con, name, inputs)
        inputs[name] = f"from {name}"
    return {row["rep_id"]: row for row in found}


def test_the_one_who_sells_more_stays_off_the_mean(con: duckdb.DuckDBPyConnection) -> None:
    found = _representatives(con, best=2.5)
    everybody = found.pop("all")
    assert everybody["reps"] == len(found) == 8
    assert everybody["between_rep_sd"] > 0.05
    best = found.pop("r7")
    assert best["purchase_rate_shrunk"] > 0.35
    assert all(0.1 < one["purchase_rate_shrunk"] < 0.27 for one in found.values())


def test_equal_representatives_are_drawn_to_their_mean(con: duckdb.DuckDBPyConnection) -> None:
    found = _representatives(con, best=1)
    everybody = found.pop("all")
    assert everybody["between_rep_sd"] < 0.03
    rates = [one["purchase_rate"] for one in found.values()]
    shrunk = [one["purchase_rate_shrunk"] for one in found.values()]
    assert max(shrunk) - min(shrunk) < 0.5 * (max(rates) - min(rates))


def test_fast_replies_double_purchases(con: duckdb.DuckDBPyConnection) -> None:
    everybody = _representatives(con, best=1)["all"]
    fast, slow = everybody["fast_purchased"] / everybody["fast"], everybody["slow_purchased"] / everybody["slow"]
    assert everybody["fast"] + everybody["slow"] == everybody["asking"] == 2_400
    assert 1.6 < fast / slow < 2.4


def test_leads_that_buy_by_what_they_watch_and_not_by_gender_are_found(con: duckdb.DuckDBPyConnection) -> None:
    """Weights learnt on one cohort tell who buys in the next by 0.02 better than the rules, which give gender most."""
    rng = np.random.default_rng(22)
    rules = pd.DataFrame({"rule_id": ["female", "watch"], "attribute": ["gender", "watch"], "points": [20.0, 0.5]})
    leads, points = [], []
    for cohort in ("learnt", "judged"):
        parts = np.column_stack([20.0 * rng.integers(0, 2, 3_000), rng.uniform(0, 15, 3_000)])
        bought = rng.random(3_000) < 0.05 + 0.25 * parts[:, 1] / 15
        who = pd.DataFrame({"cohort": cohort, "merchant_id": "m", "user_id": [f"u{one}" for one in range(3_000)]})
        leads.append(who.assign(is_converted=bought, score=parts.sum(axis=1)))
        points += [who.assign(rule_id=rule, points=parts[:, place]) for place, rule in enumerate(rules["rule_id"])]
        if cohort == "learnt":
            suggested = suggest(parts, bought, rules["points"].to_numpy())
            con.register("weights", rules[["rule_id"]].assign(suggested_points=suggested))
    con.register("leads", pd.concat(leads))
    con.register("points", pd.concat(points))
    con.register("rules", rules)
    inputs = {
        "int_leads_scored": "from leads",
        "int_lead_points_given": "from points",
        "int_lead_rules_valid": "select *, 'judged' as cohort, 'v' as version from rules",
        "int_lead_weights_learnt": "from weights",
        "int_lead_cohorts_dated": "select 'judged' as cohort, 'v' as ruleset_version",
    }
    for name in ("int_lead_scopes_ranked", "lead_score_deciles"):
        _make(con, name, inputs)
        inputs[name] = f"from {name}"
    found = {row["rule_id"]: row for row in _make(con, "lead_rules_review", inputs) if row["merchant_id"] == "all"}
    [(area, suggested_area)] = con.execute(
        "select auc, auc_suggested from lead_score_deciles where merchant_id = 'all' and decile = 0"
    ).fetchall()
    assert suggested_area >= area + 0.02
    assert found["female"]["log_odds_ratio_lo"] < 0 < found["female"]["log_odds_ratio_hi"]
    # A lead's new part is its part x suggested / points.
    assert abs(found["female"]["suggested_points"]) < 0.15 * 15 * found["watch"]["suggested_points"] / 0.5
