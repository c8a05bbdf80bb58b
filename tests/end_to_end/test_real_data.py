"""Real orders and teams, through a day's DAGs, give the figures that others published."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.conftest import Place

pytestmark = pytest.mark.acceptance


def test_real_orders_and_teams_give_the_published_figures(tmp_path: Path, shared_data: Path) -> None:
    """UCI Online Retail II and BeiBei: figures worked out by others, see ../shared/data/README.md."""
    place = Place(tmp_path / "landing", tmp_path / "home")
    subprocess.run(
        [sys.executable, "-B", str(shared_data / "make_landing.py"), str(place.landing)], check=True, capture_output=True
    )
    status, out = place.run("operations.run", "--as-of", "2010-12-09", FANOUT_CURRENCY="GBP", FANOUT_TIMEZONE="Europe/London")
    assert status == 0, out
    with duckdb.connect(str(place.current() / "fanout.duckdb"), read_only=True) as marts:

        def one(query: str) -> tuple[object, ...]:
            rows = marts.execute(query).fetchall()
            assert len(rows) == 1
            return tuple(rows[0])

        orders = "select sum(orders), sum(cohort_size) filter (where period = 0) from marts.cohort_retention"
        assert one(orders) == (19_213, 4_312)
        assert one("select count(*), cast(sum(paid) as varchar) from marts.orders") == (19_213, "8832003.26")
        retention = """
            select sum(retained_on) filter (where period = 1), sum(cohort_size) filter (where period = 1)
            from marts.cohort_retention where cohort_month < '2010-12'
        """
        assert one(retention) == (982, 4_266)
        teams = "select opened, formed_organic from marts.team_formation_by_region where month = 'all' and region = 'unknown'"
        assert one(teams) == (50_000, 30_584)
        ledger = "select bool_and(is_balanced), sum(quarantined) from marts.ingest_ledger"
        assert one(ledger) == (True, 0)
        # The last quarter of the days, counted a second way. A model of steady customers misses the season before Christmas.
        holdout = """
            with days as (select user_id, paid_date as day from marts.orders group by all having sum(net) > 0),
            known as (select user_id from days group by user_id having min(day) <= date '2010-12-09' - 93)
            select count(*) from days semi join known using (user_id) where day > date '2010-12-09' - 93
        """
        [orders_of_holdout] = one(holdout)
        fit = "select fallback, is_at_bound, holdout_days, holdout_orders_actual from marts.ltv_model"
        assert one(fit) == ("none", False, 93, orders_of_holdout)
        [missed] = one("select 1 - holdout_orders_expected / holdout_orders_actual from marts.ltv_model")
        assert isinstance(missed, float)
        assert 0.15 < missed < 0.25
