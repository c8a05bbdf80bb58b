"""The marts find what merchants that try something out were planted to find: dbt builds them of the sample's events."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from contract.events import EVENT_TYPES, Kind
from contract.settings import Settings
from dbt_project.build import run_dbt
from simulator.__main__ import END
from simulator.trials import CAMPAIGN
from tests.dbt_project.tiny_lake import TinyLake
from tests.simulator.landing import Landing

CENT = Decimal("0.01")
EVENTS = (
    *("user_registered", "share_created", "order_paid", "red_packet_sent", "red_packet_claimed", "spend_recorded"),
    *("campaign_planned", "campaign_assigned", "coupon_claimed"),
)


@pytest.fixture(scope="module")
def marts(sample: Landing, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("trials"))})
    lake = TinyLake(settings)
    kinds = {event.short_name: {field.name: field.kind for field in event.fields} for event in EVENT_TYPES.values()}
    for name in EVENTS:
        for event in sample.of(name):
            known = {
                key: Decimal(str(value)).quantize(CENT) if kinds[name][key] is Kind.MONEY else value
                for key, value in event.data.items()
                if key in kinds[name] and key != "lines" and value is not None
            }
            lake.add(name, event.at.isoformat(), **known)
    lake.write()
    settings.warehouse(END).parent.mkdir(parents=True)
    select = ("+campaign_review", "+red_packet_response")
    assert run_dbt(settings, END, "build", "--select", *select, "--resource-type", "seed", "--resource-type", "model").success
    with duckdb.connect(str(settings.warehouse(END)), read_only=True) as connection:
        connection.execute("use marts")
        yield connection


def test_the_planted_uplifts_lie_in_their_intervals(sample: Landing, marts: duckdb.DuckDBPyConnection) -> None:
    planted = {row["merchant_id"]: row["planted_uplift"] for row in sample.truth["trials"]["campaigns"]}
    assert sorted(planted.values()) == [0.0, 0.1]
    query = f"select merchant_id, treated, holdout, uplift_lo, uplift_hi from campaign_review where campaign_id = '{CAMPAIGN}'"
    found = {merchant: figures for merchant, *figures in marts.execute(query).fetchall()}
    assert found.keys() == planted.keys()
    for merchant, (treated, holdout, lo, hi) in found.items():
        assert min(treated, holdout) >= 50
        assert lo <= planted[merchant] <= hi


def test_the_step_that_nobody_sees_is_named(sample: Landing, marts: duckdb.DuckDBPyConnection) -> None:
    blind = {(row["merchant_id"], row["blind_step"]) for row in sample.truth["trials"]["campaigns"]}
    query = f"select merchant_id, steps_missing, steps_seen, verdict from campaign_review where campaign_id = '{CAMPAIGN}'"
    rows = marts.execute(query).fetchall()
    assert {(merchant, missing) for merchant, missing, _, _ in rows} == blind
    assert {(seen, verdict) for _, _, seen, verdict in rows} == {(1, "untracked")}


def test_packets_pay_up_to_the_size_from_which_they_are_shared_no_more(
    sample: Landing, marts: duckdb.DuckDBPyConnection
) -> None:
    planted = sample.truth["trials"]["red_packets"]
    assert planted["shared_no_more_from"] == {"1": "5.00", "4": "2.00"}
    query = """
        select city_tier, band, packets from red_packet_response
        where merchant_id = ? and is_optimum and city_tier in ('1', '4')
    """
    optima = {tier: (band, packets) for tier, band, packets in marts.execute(query, [planted["merchant_id"]]).fetchall()}
    assert {tier: band for tier, (band, _) in optima.items()} == {"1": "5-10", "4": "2-5"}
    assert min(packets for _, packets in optima.values()) >= 20
