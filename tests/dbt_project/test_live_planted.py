"""What is planted in lives, found by the marts: what a push adds, how sure that is, and which channel's money came back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from dbt_project.build import PROJECT
from simulator.premieres import simulate_premieres
from tests.dbt_project.planted import TWO_LAYERS, run, stage
from tests.simulator.landing import read_landing

END = date(2026, 3, 31)


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    out = tmp_path_factory.mktemp("premieres") / "landing"
    simulate_premieres(out, END)
    landing = read_landing(out, json.loads((out / "_truth.json").read_bytes()))
    assert landing.counts == landing.truth["events"]
    assert landing.truth["added_clicks"] == {"p-wanted": 0.5, "p-idle": 0.0}
    assert landing.truth["verdicts"] == {"sms": "paid_back", "kol": "paid_back_by_spread", "ads": "not_paid_back"}
    with duckdb.connect() as con:
        stage(con, landing)
        con.execute(TWO_LAYERS)
        made = run(con, ("live_pushes", "live_channels"), timezone="Asia/Shanghai")
        of_lives = {path.stem for path in (PROJECT / "models" / "intermediate" / "live").glob("*.sql")}
        assert of_lives <= {*made}
        yield con


def test_a_push_adds_what_is_planted(marts: duckdb.DuckDBPyConnection) -> None:
    found = {
        product: (lives, added, significant)
        for product, lives, added, significant in marts.execute("""
            select product_id, count(*), avg(clicks_lift * 300 / viewer_seconds_after),
                avg(cast(clicks_p_value < 0.05 as integer))
            from live_pushes where status = 'estimated' group by product_id
        """).fetchall()
    }
    assert found.keys() == {"p-wanted", "p-idle"}
    assert all(lives == 200 for lives, _, _ in found.values())
    assert found["p-wanted"][1] == pytest.approx(0.5, abs=0.03)
    assert found["p-wanted"][2] > 0.8
    assert found["p-idle"][1] == pytest.approx(0.0, abs=0.03)
    assert found["p-idle"][2] < 0.1


def test_intervals_cover_the_placebos_that_were_held_out(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select sum(placebos_tested), sum(clicks_placebos_covered) from live_pushes"
    ((tested, covered),) = marts.execute(query).fetchall()
    assert tested > 20_000
    assert 0.92 <= covered / tested <= 0.98


def test_a_channels_money_comes_back_as_planted(marts: duckdb.DuckDBPyConnection) -> None:
    query = "select channel, verdict, count(*) from live_channels where spend > 0 group by all order by all"
    assert marts.execute(query).fetchall() == [
        ("ads", "not_paid_back", 200),
        ("kol", "paid_back_by_spread", 200),
        ("sms", "paid_back", 200),
    ]
