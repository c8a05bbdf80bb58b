"""What was planted is found: shops with 50 orders a day, in which a lever falls by 40 %; quiet ones; a festival.

The shops come out of a generator of their own: a circle of regulars who come by chance, new visitors, buyers by chance, and
orders of changing size.
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

AS_OF = date(2026, 3, 10)  # a week after the spring festival, which lies within the 28 days that are judged
FESTIVAL = (date(2026, 2, 10), date(2026, 3, 3))
DAYS = 119
FALLEN = 6  # days on which the lever is down, the last ones; none of them is what another is compared with
LEVERS = {"visitors": ("new_users", "returning_users"), "conversion": ("conversion",), "order_value": ("paid_per_order",)}
SHOPS = 20  # of each lever, and quiet ones
CIRCLE, REGULAR, NEW, CONVERSION, ORDER = 150, 0.5, 25, 0.5, 100.0  # 50 orders a day
SHOCK, RUSH = 0.6, 1.6


def _shop(name: str, lever: str, random: np.random.Generator) -> pa.Table:
    """Activities of one shop: a view of each visitor of a day, and an order of each buyer."""
    people, days, is_order, paid = [], [], [], []
    for ago in range(DAYS):
        day = AS_OF - timedelta(days=ago)
        fall = {lever: SHOCK} if ago < FALLEN else {}
        rush = RUSH if FESTIVAL[0] <= day <= FESTIVAL[1] else 1
        crowd = (1.2 if day.weekday() >= 5 else 1) * rush * fall.get("visitors", 1)
        regulars = np.flatnonzero(random.random(CIRCLE) < REGULAR * crowd)
        new = 1000 * (ago + 1) + np.arange(random.poisson(NEW * crowd))
        came = np.concatenate([regulars, new])
        buyers = came[random.random(came.size) < CONVERSION * fall.get("conversion", 1)]
        amounts = np.round(ORDER * fall.get("order_value", 1) * random.gamma(36, 1 / 36, buyers.size), 2)
        people += [came, buyers]
        days.append(np.full(came.size + buyers.size, day, dtype="datetime64[D]"))
        is_order.append(np.repeat([False, True], [came.size, buyers.size]))
        paid += [np.full(came.size, np.nan), amounts]
    columns = {"user_id": people, "active_date": days, "is_order": is_order, "paid": paid}
    table = pa.table({column: pa.array(np.concatenate(parts), from_pandas=True) for column, parts in columns.items()})
    return table.append_column("merchant_id", pa.array([name] * table.num_rows))


@pytest.fixture(scope="module")
def diagnosis(built: tuple[Settings, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The mart over the shops; a shop's name begins with its lever."""
    settings, _ = built
    planted = replace(settings, home=tmp_path_factory.mktemp("planted"), lake=settings.lake)
    target = planted.warehouse(AS_OF)
    target.parent.mkdir(parents=True)
    shutil.copy(settings.warehouse(BUILT), target)
    random = np.random.default_rng(20260310)
    shops = pa.concat_tables([_shop(f"{lever}-{n}", lever, random) for lever in (*LEVERS, "quiet") for n in range(SHOPS)])
    with duckdb.connect(str(target)) as con:
        con.register("shops", shops)
        con.execute(
            """create or replace table intermediate.int_activities_unioned as
            select * replace (cast(paid as decimal(18, 2)) as paid), if(is_order, 'order', 'view') as kind from shops"""
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
    assert count >= SHOPS * FALLEN
    return float(share)


@pytest.mark.parametrize("lever", LEVERS)
def test_the_lever_that_fell_is_named_first(diagnosis: duckdb.DuckDBPyConnection, lever: str) -> None:
    days = f"merchant_id like '{lever}-%' and date > date '{AS_OF}' - {FALLEN} and window_days = 1"
    causes = ", ".join(f"'{leaf}_down'" for leaf in LEVERS[lever])
    named = f"select (merchant_id, date) from diagnosis where {days} and cause_rank = 1 and cause in ({causes})"
    assert _share(diagnosis, f"colour = 'red' and (merchant_id, date) in ({named})", f"{days} and node = 'paid'") >= 0.9


QUIET = "merchant_id like 'quiet-%' and window_days = 1 and node = 'paid'"


def test_quiet_days_are_rarely_coloured(diagnosis: duckdb.DuckDBPyConnection) -> None:
    assert 0 < _share(diagnosis, "colour <> 'yellow'", f"{QUIET} and calendar_event is null") <= 0.2


def test_nor_are_days_of_a_festival_that_all_shops_have(diagnosis: duckdb.DuckDBPyConnection) -> None:
    festival = f"{QUIET} and calendar_event = 'spring_festival'"
    assert _share(diagnosis, "calendar_factor between 1.4 and 1.8", festival) == 1
    assert 0 < _share(diagnosis, "colour <> 'yellow'", festival) <= 0.2
    assert _share(diagnosis, "value > 1.2 * baseline / calendar_factor", festival) > 0.9  # green without the factor
