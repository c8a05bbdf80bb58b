"""Tables are declared once and without contradictions, and what is generated follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from contract.columns import MERCHANT, Column, Type, count, date, money, number, text
from contract.settings import CHECKOUT
from contract.table import ANALYSTS, AREAS, CONSUMERS, Audience, Table, export
from contract.table_files import analysts_page, mart_model, sql_files, staging_model
from contract.tables import AREA_OF, TABLES, marts

DAY = date("day", "The day.")
VISITS = Table("visits", "Grain: merchant × day.", "merchant_id, day", (MERCHANT, DAY), consumers=(ANALYSTS,))


def test_one_name_is_one_quantity_in_one_unit() -> None:
    meanings: dict[str, set[tuple[Type, str | None]]] = {}
    for table in TABLES.values():
        for column in table.columns:
            meanings.setdefault(column.name, set()).add((column.type, column.unit))
    assert len(meanings) > 200
    # Readers know both: the months since a cohort's first order, and the day, week or month of a cube; the value of a stratum,
    # and that of a node.
    # The tier of a city is a number, but a text where the row may be of all tiers, or of people of whom none is known.
    # A lead is a merchant to the platform, a person to a merchant; lines of a file are accepted, and outreach is; a delivery
    # has attempts, and outreach has. A rule of leads gives parts of points, a pond counts opens as points.
    known = {"period", "city_tier", "value", "leads", "accepted", "attempts", "points"}
    assert {name for name, found in meanings.items() if len(found) > 1} == known


def test_every_mart_has_an_area_with_an_owner_and_a_consumer() -> None:
    assert len(marts()) > 40
    assert all(AREAS[AREA_OF[table.name]] for table in marts())
    assert {name for table in marts() for name in table.consumers} == CONSUMERS.keys()


def test_keys_are_never_null() -> None:
    nullable = [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if column.name in table.key_columns and not column.is_required
    ]
    assert nullable == []


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        pytest.param(lambda: number("rate", "", "A rate."), "rate: a number needs a unit", id="no_unit"),
        pytest.param(lambda: Column("rate", Type.DOUBLE, "A rate."), "rate: a number needs a unit", id="no_unit_at_all"),
        pytest.param(lambda: Column("name", Type.VARCHAR, "A name.", "letters"), "only a number has a unit", id="unit"),
        pytest.param(lambda: text("name", " "), "name: a column needs a text", id="no_text"),
        pytest.param(lambda: count("Rate", "people", "People."), "is no name of a column", id="name"),
        pytest.param(lambda: replace(VISITS, key="merchant_id, dya"), "visits has no column dya", id="misspelt_key"),
        pytest.param(
            lambda: replace(VISITS, audience=Audience.MERCHANT, export=export("merchant_id dya", "A day.")),
            "visits has no column dya",
            id="misspelt_export",
        ),
        pytest.param(lambda: replace(VISITS, time="dya"), "visits has no date dya", id="misspelt_time"),
        pytest.param(lambda: replace(VISITS, time="merchant_id"), "visits has no date merchant_id", id="time_that_is_no_date"),
        pytest.param(lambda: replace(VISITS, columns=(MERCHANT, DAY, DAY)), "a column is declared twice", id="twice"),
        pytest.param(lambda: replace(VISITS, consumers=()), "visits: a mart needs a consumer", id="no_consumer"),
        pytest.param(lambda: replace(VISITS, consumers=("nobody",)), "there is no consumer nobody", id="unknown_consumer"),
        pytest.param(
            lambda: replace(VISITS, export=export("merchant_id day", "A day.")), "its audience is platform", id="audience"
        ),
    ],
)
def test_a_declaration_that_is_wrong_is_refused(declare: Callable[[], object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        declare()


def test_a_table_that_a_job_writes_gets_staging_and_a_mart() -> None:
    table = replace(TABLES["spread_motifs"], key="merchant_id", columns=(MERCHANT, money("revenue", "Revenue.")))
    assert "select * from {{ lake_day('spread_graph', 'spread_motifs') }}" in staging_model(table)
    assert "        merchant_id,\n        revenue\n    from source" in staging_model(table)
    assert "from {{ ref('stg_spread_graph__spread_motifs') }}" in mart_model(table)
    assert mart_model(table).endswith("order by merchant_id\n")
    assert "timezone('UTC', started_at) as started_at" in staging_model(TABLES["cascades"])
    assert "{{ as_of() }} as as_of" in mart_model(TABLES["spreaders"])
    assert "component_id" not in staging_model(TABLES["spreaders"])


def test_a_mart_computes_what_only_it_has() -> None:
    mart = mart_model(TABLES["share_mix"])
    assert "        cast(try_strptime(month || '-01', '%Y-%m-%d') as date) as month_start,\n" in mart
    assert "month_start" not in staging_model(TABLES["share_mix"])
    assert "        merchant_id = 'all' as is_total,\n" in mart_model(TABLES["spread_concentration"])


def test_every_month_has_a_date_beside_it_and_every_total_a_flag() -> None:
    months = {
        (table.name, column.name) for table in marts() for column in table.columns if re.search(r"(^|_)month$", column.name)
    }
    dates = {(table.name, column.name) for table in marts() for column in table.columns if column.name.endswith("month_start")}
    assert len(months) >= 6
    assert {(table, f"{name}_start") for table, name in months} == dates
    with_totals = {table.name for table in marts() for column in table.columns if column.name == "is_total"}
    known = {"team_formation_by_region", "spread_concentration", "group_survival", "group_lifetimes", "success_effect"}
    known |= {"merchant_cube", "red_packet_response", "lead_funnel"}
    known |= {"lead_score_deciles", "lead_rules_review", "outreach_results", "sales_reps"}
    known |= {"community_days", "share_fatigue", "fan_survival"}
    assert with_totals == known


def test_a_mart_with_more_than_the_lake_has_is_written_by_hand() -> None:
    generated = {path.stem for path in sql_files() if "marts" in path.parts}
    assert "group_survival" in generated
    assert "group_lifetimes" not in generated


def test_models_say_what_is_declared() -> None:
    path = CHECKOUT / "dbt_project/models/marts/spread/_spread__models.yml"
    [model] = [model for model in yaml.safe_load(path.read_text())["models"] if model["name"] == "circle_quality"]
    assert model["config"]["meta"] == {"owner": "Analysts", "key": "merchant_id", "audience": "merchant"}
    assert model["columns"][1] == {
        "name": "users",
        "data_type": "bigint",
        "description": TABLES["circle_quality"].columns[1].text,
        "constraints": [{"type": "not_null"}],
        "config": {"meta": {"unit": "people"}},
    }


def test_the_page_for_analysts_keeps_what_is_written_by_hand() -> None:
    page = analysts_page("# Head\n\n## Where to look\n\n| a table of before |\n\n## Ten questions\n\nrest\n")
    assert page.startswith("# Head\n\n## Where to look\n\n<!-- Generated")
    assert "a table of before" not in page
    assert "| what a live stream brought | `live_sessions`, `live_minutes`, `live_products`, " in page
    assert "| how long chat groups live | `chat_groups`," in page
    assert page.endswith("|\n\n## Ten questions\n\nrest\n")
    assert analysts_page(page) == page
