"""What the models say of merchants and fans, against what the simulator let them do in the days after the landing.

The models were given none of it. Simulated merchants and fans do not behave as the models assume, so that the tables that
are printed say how wrong they may be in a world that is not theirs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from contract.events import SOURCES
from contract.settings import CHECKOUT
from dbt_project.extensions import load_extensions

pytestmark = pytest.mark.soak

AS_OF, MONTH_AFTER, QUARTER_AFTER = "2026-04-30", "2026-05-30", "2026-07-29"
EVENTS = 3_000_000


@pytest.fixture(scope="module")
def future(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables of a simulated platform: `flags` and `fans` as the jobs wrote them, `lived` (hidden events), `truth` of fans."""
    folder = tmp_path_factory.mktemp("future")
    landing, home = folder / "landing", folder / "home"
    environment = os.environ | {"FANOUT_LANDING": str(landing), "FANOUT_HOME": str(home)}
    commands = [["simulator", "--out", str(landing), "--events", str(EVENTS), "--end", AS_OF, "--future", "90"]]
    commands += [["spark_jobs.ingest", "--source", source] for source in SOURCES]
    commands += [["spark_jobs.families", "merchant_churn", "lifetime_value", "--as-of", AS_OF]]
    for command in commands:
        subprocess.run([sys.executable, "-m", *command], cwd=CHECKOUT, env=environment, check=True)
    with duckdb.connect() as con:
        load_extensions(con)
        con.execute("set timezone = 'Asia/Shanghai'")
        con.execute(f"create table flags as from delta_scan('{home}/lake/merchant_churn_flags')")
        con.execute(f"create table fans as from delta_scan('{home}/lake/fan_churn_flags')")
        con.execute(f"""
            create table lived as
            select type, cast(cast(time as timestamptz) as date) as day, data ->> 'merchant_id' as merchant_id,
                data ->> 'action' as action, data ->> 'user_id' as user_id
            from read_ndjson(
                '{landing}/_future/shop/*/*', ignore_errors = true, columns = {{type: 'text', time: 'text', data: 'json'}}
            )
            where type in ('shop.order_paid.v1', 'shop.merchant_active.v1')
        """)
        con.register("planted", planted_fans(landing / "_truth.json"))
        con.execute("create table truth as from planted")
        yield con


def planted_fans(path: Path) -> pd.DataFrame:
    merchants = json.loads(path.read_bytes())["fans"]
    rows = [
        (merchant, user, gone_on is None)
        for merchant, fans in merchants.items()
        for user, gone_on in zip(fans["user_id"], fans["gone_on"], strict=True)
    ]
    return pd.DataFrame(rows, columns=["merchant_id", "user_id", "is_alive"])


def test_merchants_who_leave_were_likely_to(future: duckdb.DuckDBPyConnection) -> None:
    merchants = future.execute(
        f"""
        with stayed as (
            select distinct merchant_id from lived
            where day <= date '{MONTH_AFTER}' and (type = 'shop.order_paid.v1' or action = 'login')
        )
        select churn_probability, stayed.merchant_id is null as has_left
        from flags left join stayed using (merchant_id) where stage != 'churned' order by churn_probability desc, merchant_id
        """
    ).df()
    chances, has_left = merchants["churn_probability"].to_numpy(), merchants["has_left"].to_numpy(bool)
    assert has_left.sum() > 100
    odds = logit(np.clip(chances, 1e-6, 1 - 1e-6))[:, None]
    slope = LogisticRegression(C=1e9).fit(odds, has_left).coef_[0, 0]
    auc, base = roc_auc_score(has_left, chances), has_left.mean()
    lift = has_left[: len(has_left) // 10].mean() / base
    print(f"\n{len(has_left)} merchants, {has_left.sum()} left within 30 days: said {chances.mean():.3f}, were {base:.3f}")
    print(f"AUC {auc:.3f}, calibration slope {slope:.2f}, lift at 10 % {lift:.1f}")
    assert auc > 0.9
    assert 0.8 <= slope <= 1.25
    assert lift >= 3


def test_fans_are_alive_and_buy_about_as_often_as_was_said(future: duckdb.DuckDBPyConnection) -> None:
    """By decile of p_alive. The upper four must be right; the others are shown: loyal fans of merchants that left."""
    deciles = future.execute(
        f"""
        with bought as (
            select merchant_id, user_id, count(*) as orders from lived
            where type = 'shop.order_paid.v1' and day <= date '{QUARTER_AFTER}' group by all
        ),
        known as (
            select ntile(10) over (order by p_alive, merchant_id, user_id) as decile, p_alive, is_alive,
                expected_orders_90d, coalesce(orders, 0) as orders
            from fans join truth using (merchant_id, user_id) left join bought using (merchant_id, user_id)
            where p_alive is not null and frequency > 0
        )
        select decile, count(*) as fans, avg(p_alive) as said, avg(is_alive::int) as were,
            sum(expected_orders_90d) as expected_orders, sum(orders) as orders
        from known group by decile order by decile
        """
    ).df()
    print(f"\n{deciles.round(3).to_string(index=False)}")
    assert len(deciles) == 10
    assert deciles["fans"].sum() > 30_000
    upper = deciles[deciles["decile"] > 6]
    assert (upper["said"] - upper["were"]).abs().max() < 0.06
    assert deciles["orders"].sum() == pytest.approx(deciles["expected_orders"].sum(), rel=0.15)
