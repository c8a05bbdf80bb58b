"""Nobody is named who must not be, and nothing leaves that is not on the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from contract.settings import Settings
from contract.tables import TABLES
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from tests import small_warehouse
from tests.exports.contents import add, names_in, texts
from tests.small_warehouse import insert

Export = Callable[..., Path]


Read = Callable[[Path], list[dict[str, str]]]


STRANGER = "update marts.cascade_nodes set user_id = 'u-77' where share_id = 's-3'"


def test_a_merchants_pack_names_its_fans_and_nobody_else(exported: Export, rows: Read) -> None:
    folder = exported(STRANGER) / "merchants"
    assert names_in(folder / "m-1") == {"m-1", "u-1", "u-2", "u-3"}
    assert names_in(folder / "m-2") == {"m-2", "u-1", "u-9"}
    nodes = rows(folder / "m-1" / "csv" / "cascade_nodes.csv")
    assert [row["user_id"] for row in nodes] == ["u-1", "u-2", "", "u-2"]


@pytest.mark.parametrize("place", ["csv/teams.csv", "report.html", "manifest.json"])
def test_the_scan_finds_a_planted_leak(exported: Export, place: str) -> None:
    pack = exported() / "merchants" / "m-1"
    add(pack / place, "<p>u-9</p>" if place.endswith("html") else "u-9")
    assert "u-9" in names_in(pack)


def test_the_scan_finds_a_leak_in_a_workbook(exported: Export) -> None:
    leak = (
        f"update marts.{mart} set group_id = 'u-9' where merchant_id = 'm-1'" for mart in ("group_activity", "group_health")
    )
    assert "u-9" in names_in(exported(*leak) / "managers" / "amy")


def test_a_managers_pack_names_fans_who_may_be_contacted(small: Path) -> None:
    """u-3 refused the last outreach, u-6 blocked the merchant, m-2 has no manager."""
    folder = small / "managers"
    assert names_in(folder / "amy") == {"m-1", "u-1", "u-2"}
    assert names_in(folder / "unassigned") == {"m-2"}


def test_a_refusal_that_was_lifted_puts_a_fan_back(exported: Export) -> None:
    folder = exported(
        "delete from marts.suppressed_fans", "update marts.spreaders set openers = 1, opens = 1 where user_id = 'u-3'"
    )
    assert "u-3" in names_in(folder / "managers" / "amy")


def test_at_most_thirty_people_of_a_merchant(exported: Export) -> None:
    many = [
        """insert into marts.fan_revenue by name select 'm-1' as merchant_id, 'u-' || (100 + i) as user_id,
        true as is_window_fan, true as is_fan_at_end, false as is_supporting_fan, 0 as orders from range(60) numbers(i)""",
        """insert into marts.spreaders by name select 'm-1' as merchant_id, 'u-' || (100 + i) as user_id, 1 as shares,
        1 as opens, 1 as openers, 0 as revenue_led, false as is_connector from range(30) numbers(i)""",
        """insert into marts.team_leaders by name select 'm-1' as merchant_id, 'u-' || (130 + i) as user_id, 1 as opened,
        1 as closed, 1 as formed_organic, 0 as formed_auto_filled, 0 as failed, 0 as open_at_as_of,
        date '2026-03-01' as last_opened_date from range(30) numbers(i)""",
        """insert into marts.fans_to_wake by name select 'm-1' as merchant_id, 'u-' || (110 + i) as user_id, 2 as orders,
        900 as revenue, date '2026-01-01' as last_order_date from range(30) numbers(i)""",
    ]
    found = {name for name in names_in(exported(*many) / "managers" / "amy") if name.startswith("u-")}
    assert len(found) == 12  # four leaders, five spreaders and five to wake, among them u-1 and u-2 twice


def test_no_region_with_fewer_than_twenty_people(exported: Export, rows: Read) -> None:
    small = insert(TABLES["merchant_team_regions"], {"region": "CN-XZ", "opened": 9, "formation_rate": 1.0, "people": 19})
    folder = exported(small)
    for name in ("merchants/m-1/csv/team_regions.csv", "managers/amy/csv/regions.csv"):
        assert [(row["region"], row["people"]) for row in rows(folder / name)] == [("CN-ZJ", "24")]
    for pack in ("merchants/m-1", "managers/amy"):
        assert not [text for _, text in texts(folder / pack) if "CN-XZ" in text]
        assert [text for _, text in texts(folder / pack) if "CN-ZJ" in text]


def test_a_cube_has_weeks_and_months_of_its_merchant_and_no_region_with_few_buyers(exported: Export, rows: Read) -> None:
    enough = "update marts.merchant_cube set buyers = 20 where dimension = 'region' and period_start = date '2026-02-01'"
    for pack, months in (("m-1", ["2026-02-01"]), ("m-2", [])):
        cube = rows(exported(enough) / "merchants" / pack / "csv" / "merchant_cube.csv")
        assert {row["merchant_id"] for row in cube} == {pack}
        assert {row["period"] for row in cube} == {"week", "month"}
        assert [(row["period_start"], row["member"]) for row in cube if row["dimension"] == "region"] == [
            (month, "CN-ZJ") for month in months
        ]


def test_no_tier_of_a_city_with_fewer_than_twenty_receivers(exported: Export, rows: Read) -> None:
    """The packets of all tiers together leave in any case, and those of all merchants never."""
    enough = "update marts.red_packet_response set receivers = 20 where city_tier = '2' and band = '2-5'"
    folder = exported(enough, "update marts.red_packet_response set receivers = 19 where city_tier = '2' and band = '1-2'")
    for name in ("merchants/m-1/csv/red_packets.csv", "managers/amy/csv/red_packets.csv"):
        names = ("merchant_id", "city_tier", "band")
        left = [tuple(row[column].lstrip("'") for column in names) for row in rows(folder / name)]  # texts are guarded
        assert sorted(left) == [("m-1", "2", "2-5"), ("m-1", "all", "1-2"), ("m-1", "all", "2-5")]


def test_no_attribute_of_a_person_is_allowed() -> None:
    allowed = {column for table in (*MERCHANT_TABLES, *MANAGER_TABLES) for column in table.columns}
    assert "user_id" in allowed
    assert "days_to_10k_slower_share" not in allowed  # says how others do
    assert not allowed & {"gender", "birth_year", "device_id", "registered_region"}
    with_region = {table.name for table in (*MERCHANT_TABLES, *MANAGER_TABLES) if "region" in table.columns}
    assert with_region == {"team_regions", "regions"}
    with_tier = {table.name for table in (*MERCHANT_TABLES, *MANAGER_TABLES) if "city_tier" in table.columns}
    assert with_tier == {"red_packets"}


def test_a_column_that_is_not_on_the_list_does_not_leave(exported: Export) -> None:
    folder = exported("alter table marts.fan_revenue add column birth_year integer default 1987")
    assert not [text for _, text in texts(folder / "merchants" / "m-1") if "1987" in text or "birth_year" in text]


def test_a_merchant_called_all_does_not_get_the_platform(exported: Export, rows: Read) -> None:
    marts = small_warehouse.merchants_tables()
    assert len(marts) > 20
    platform = "update marts.spread_concentration set metric = 'opens' where merchant_id = 'all'"  # no row has its key
    have_its_key = ("red_packet_response", "lead_score_deciles", "lead_rules_review")
    taken = (f"delete from marts.{mart} where merchant_id = 'm-2'" for mart in have_its_key)
    folder = exported(
        platform, *taken, *(f"update marts.{mart} set merchant_id = 'all' where merchant_id = 'm-2'" for mart in marts)
    )
    assert rows(folder / "merchants" / "all" / "csv" / "cascades.csv") != []
    for platform_too in ("spread_concentration", "red_packets", "lead_score_deciles", "lead_rules_review"):
        assert rows(folder / "merchants" / "all" / "csv" / f"{platform_too}.csv") == []
    assert "u-2" not in names_in(folder / "merchants" / "all")


def test_a_merchants_files_say_who_may_be_contacted(exported: Export, rows: Read) -> None:
    """u-3 refused the last call; u-2 blocks the merchant too, and refused."""
    blocked, refused = (
        insert(TABLES["suppressed_fans"], {"user_id": "u-2", "reason": reason}) for reason in ("refused", "blocked")
    )
    folder = exported(blocked, refused) / "merchants" / "m-1" / "csv"
    expected = {"u-1": ("true", ""), "u-2": ("false", "blocked refused"), "u-3": ("false", "refused"), "": ("", "")}
    files = {table.name: next(iter(table.persons)) for table in MERCHANT_TABLES if table.persons}
    assert files.keys() == {
        "fan_revenue",
        "cascades",
        "cascade_nodes",
        "live_spread",
        "spreaders",
        "lifetime_value",
        "fan_churn_flags",
        "fans_to_wake",
        "leads",
        "ponds",
    }
    seen: set[str] = set()
    for name, person in files.items():
        found = {row[person]: (row["may_contact"], row["no_contact_reason"]) for row in rows(folder / f"{name}.csv")}
        assert found.items() <= expected.items()
        seen |= found.keys()
    assert seen >= {"u-1", "u-2", "u-3"}


def test_pseudonyms_stand_in_for_people(exported: Export, settings: Settings, rows: Read) -> None:
    keyed = replace(settings, pseudonym_key="k" * 32)
    folder = exported(with_settings=keyed)
    for pack in (folder / "merchants" / "m-1", folder / "managers" / "amy"):
        assert not {name for name in names_in(pack) if name.startswith("u-")}
    one = {row["user_id"] for row in rows(folder / "merchants" / "m-1" / "csv" / "fan_revenue.csv")}
    other = {row["user_id"] for row in rows(folder / "merchants" / "m-2" / "csv" / "fan_revenue.csv")}
    assert len(one) == 3
    assert all(re.fullmatch(r"fan-[a-z2-7]{20}", name) for name in one | other)
    assert not one & other, "u-1 is a fan of both, and neither may find out"
