"""What was planted is found: shops with 50 orders a day, in which a lever falls by 40 % on the last day, quiet days and a festival.

The shops come out of a generator of their own: visitors of a circle of regulars and new ones, who buy by chance, orders of
changing size.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from contract.settings import Settings
from dbt_project.build import run_dbt
from tests.dbt_project.conftest import AS_OF as BUILT

AS_OF = date(2026, 3, 10)  # a week after the spring festival, which begins within the 28 days that are judged
FESTIVAL = (date(2026, 2, 10), date(2026, 3, 3))
DAYS = 119
LEVERS = {"visitors": ("new_users", "returning_users"), "conversion": ("conversion",), "order_value": ("paid_per_order",)}
SHOPS = 40  # of each lever
REGULARS, NEW, CONVERSION, ORDER = 150, 50, 0.25, 100.0  # 50 orders a day
SHOCK, RUSH = 0.6, 1.8


def _shop(name: str, lever: str, random: np.random.Generator) -> pa.Table:
    """Activities of one shop: a row a visitor and day, and one a buyer; the lever falls on the last day."""
    users, dates, kinds, paid = [], [], [], []
    for ago in range(DAYS):
        day = AS_OF - timedelta(days=ago)
        weekday = 1 + 0.2 * (day.weekday() >= 5)
        crowd = weekday * (RUSH if FESTIVAL[0] <= day <= FESTIVAL[1] else 1) * (SHOCK if (lever, ago) == ("visitors", 0) else 1)
        regulars = random.permutation(4 * REGULARS)[: random.poisson(REGULARS * crowd)]
        came = [*(f"r{person}" for person in regulars), *(f"n{ago}-{person}" for person in range(random.poisson(NEW * crowd)))]
        buys = random.random(len(came)) < CONVERSION * (SHOCK if (lever, ago) == ("conversion", 0) else 1)
        amounts = ORDER * random.gamma(16, 1 / 16, int(buys.sum())) * (SHOCK if (lever, ago) == ("order_value", 0) else 1)
        buyers = [person for person, is_buyer in zip(came, buys, strict=True) if is_buyer]
        users += [*came, *buyers]
        dates += [day] * (len(came) + len(buyers))
        kinds += ["view"] * len(came) + ["order"] * len(buyers)
        paid += [None] * len(came) + [round(float(amount), 2) for amount in amounts]
    columns = {"merchant_id": pa.array([name] * len(users)), "user_id": pa.array(users), "active_date": pa.array(dates)}
    return pa.table({**columns, "kind": pa.array(kinds), "paid": pa.array(paid, pa.float64())})


@pytest.fixture(scope="module")
def diagnosis(
    built: tuple[Settings, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    """The mart over the shops; a shop's name begins with its lever."""
    settings, _ = built
    planted = replace(settings, home=tmp_path_factory.mktemp("planted"), lake=settings.lake)
    target = planted.warehouse(AS_OF)
    target.parent.mkdir(parents=True)
    shutil.copy(settings.warehouse(BUILT), target)
    random = np.random.default_rng(20260310)
    shops = pa.concat_tables([_shop(f"{lever}-{shop}", lever, random) for lever in LEVERS for shop in range(SHOPS)])
    with duckdb.connect(str(target)) as con:
        con.register("shops", shops)
        con.execute(
            """create or replace table intermediate.int_activities_unioned as
            select * replace (cast(paid as decimal(18, 2)) as paid) from shops"""
        )
        con.execute(
            """create or replace table intermediate.int_merchants_first_seen as
            select distinct merchant_id, date '2025-10-01' as first_event_date from shops"""
        )
    outcome = run_dbt(planted, AS_OF, "run", "-s", "int_windows_measured", "int_windows_expected", "diagnosis")
    assert outcome.success, outcome.exception
    copy = duckdb.connect()
    copy.execute(f"attach '{target}' as planted (read_only)")
    copy.execute("create table diagnosis as from planted.marts.diagnosis")
    copy.execute("detach planted")
    Path(target).unlink()
    return copy


def _share(con: duckdb.DuckDBPyConnection, condition: str, rows: str) -> float:
    [(share, count)] = con.execute(f"select avg(({condition})::int), count(*) from diagnosis where {rows}").fetchall()
    assert count >= SHOPS
    return float(share)


@pytest.mark.parametrize("lever", LEVERS)
def test_the_lever_that_fell_is_named_first(diagnosis: duckdb.DuckDBPyConnection, lever: str) -> None:
    shocked = f"""select merchant_id from diagnosis where merchant_id like '{lever}-%' and date = '{AS_OF}' and window_days = 1
        and cause_rank = 1 and cause in ({", ".join(f"'{leaf}_down'" for leaf in LEVERS[lever])})"""
    rows = f"merchant_id like '{lever}-%' and date = '{AS_OF}' and window_days = 1 and node = 'paid'"
    assert _share(diagnosis, f"colour = 'red' and merchant_id in ({shocked})", rows) >= 0.9


def test_quiet_days_are_rarely_coloured(diagnosis: duckdb.DuckDBPyConnection) -> None:
    quiet = f"node = 'paid' and window_days = 1 and calendar_event is null and date < '{AS_OF}'"
    assert _share(diagnosis, "colour <> 'yellow'", quiet) <= 0.2
    assert _share(diagnosis, "colour = 'yellow'", quiet) < 1


def test_nor_are_days_of_a_festival_that_all_shops_have(diagnosis: duckdb.DuckDBPyConnection) -> None:
    festival = "node = 'paid' and window_days = 1 and calendar_event = 'spring_festival'"
    assert _share(diagnosis, "calendar_factor between 1.7 and 1.9", festival) == 1
    assert _share(diagnosis, "colour <> 'yellow'", festival) <= 0.2
    assert _share(diagnosis, "value > 1.5 * baseline / calendar_factor", festival) > 0.9  # without the factor it would be green
