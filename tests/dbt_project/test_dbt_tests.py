"""dbt's own tests: the unit tests pass, and every data test is seen to refuse one bad input."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunnerResult

from contract.settings import Settings
from dbt_project.build import run_dbt
from dbt_project.extensions import load_extensions
from tests.dbt_project.conftest import AS_OF

GENERIC = ("unique_combination", "expression_is_true")
# Tests that a row of nulls does not break, and the singular ones: what breaks each.
FAULTS = {
    "cohorts_hold_every_buyer": "delete from marts.cohort_retention where merchant_id = 'm2'",
    "credit_is_conserved": "delete from intermediate.int_credits_split where movement = 'refund' and step = 1",
    "every_activity_is_in_one_journey": "update marts.journeys set orders = orders + 1 where user_id = 'c'",
    "merchants_add_up_to_the_platform": "update marts.per_fan_revenue set direct_revenue = 70 where merchant_id = 'm1'",
    "months_add_up_to_totals": "update marts.growth_split set revenue = revenue + 0.01 where month = '2026-03'",
    "no_event_is_accepted_twice": """
        create or replace view intermediate.int_lines_unioned as
        select * from staging.stg_shop__lines union all by name select * from staging.stg_shop__lines
    """,
    "one_version_holds_on_a_day": "update intermediate.lead_rules set valid_to = '2026-02-01' where version = 'v1'",
    "spark_and_dbt_saw_the_same_events": """
        create or replace view staging.stg_spread_graph__cascade_nodes as
        select * from marts.cascade_nodes where share_id = 's1'
    """,
    "expression_is_true_int_fan_spells_derived_": "update intermediate.int_fan_spells_derived set ended_at = '2000-01-01'",
    "expression_is_true_int_users_registered_periods_": """
        update intermediate.int_users_registered_periods set valid_to = '2000-01-01'
    """,
}


def _statuses(outcome: dbtRunnerResult) -> dict[str, str]:
    assert isinstance(outcome.result, RunExecutionResult), outcome.exception
    return {result.node.name: str(result.status) for result in outcome.result.results}


def _tests_of(settings: Settings, faults: Iterable[str], folder: Path) -> dict[str, str]:
    """Status of each data test on a copy of the warehouse with the faults."""
    spoilt = replace(settings, home=folder, lake=settings.lake)
    target = spoilt.warehouse(AS_OF)
    target.parent.mkdir(parents=True)
    shutil.copy(settings.warehouse(AS_OF), target)
    with duckdb.connect(str(target)) as connection:
        load_extensions(connection)
        for fault in faults:
            connection.execute(fault)
    return _statuses(run_dbt(spoilt, AS_OF, "test", "--exclude-resource-type", "unit_test"))


def _rows_of_nulls(warehouse: Path) -> list[str]:
    """Statements that give every table two more rows, of nothing but nulls."""
    query = "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('intermediate', 'marts')"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = [name for (name,) in connection.execute(query).fetchall()]
    assert len(tables) > 60
    nulls = "select t.* from range(2) left join {0} as t on false"
    return [f"create or replace table {table} as from {table} union all ({nulls.format(table)})" for table in tables]


@pytest.fixture(scope="module")
def on_nulls(built: tuple[Settings, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Status of each data test where every table holds two rows of nulls."""
    settings, _ = built
    return _tests_of(settings, _rows_of_nulls(settings.warehouse(AS_OF)), tmp_path_factory.mktemp("nulls"))


@pytest.fixture(scope="module")
def on_faults(built: tuple[Settings, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Status of each data test where the faults are planted."""
    settings, _ = built
    return _tests_of(settings, FAULTS.values(), tmp_path_factory.mktemp("faults"))


def test_data_tests_refuse_rows_of_nulls(on_nulls: dict[str, str]) -> None:
    """Keys twice break every test of uniqueness, unknown values every test of an expression but those that allow them."""
    generic = {name: status for name, status in on_nulls.items() if name.startswith(GENERIC)}
    assert len(generic) > 20
    passing = {name for name, status in generic.items() if status == "pass"}
    assert {name for name in passing if not name.startswith(tuple(FAULTS))} == set()
    assert set(generic.values()) <= {"pass", "fail"}


def test_every_fault_is_refused(on_faults: dict[str, str]) -> None:
    for planted in FAULTS:
        statuses = {name: status for name, status in on_faults.items() if name.startswith(planted)}
        assert statuses, planted
        assert set(statuses.values()) == {"fail"}, statuses


def test_every_singular_test_has_a_fault(on_faults: dict[str, str]) -> None:
    singular = {name for name in on_faults if not name.startswith(GENERIC)}
    assert singular
    assert singular <= set(FAULTS)


def test_unit_tests_pass(built: tuple[Settings, dict[str, Any]]) -> None:
    settings, _ = built
    statuses = _statuses(run_dbt(settings, AS_OF, "test", "--resource-type", "unit_test"))
    assert len(statuses) > 20
    assert {name for name, status in statuses.items() if status != "pass"} == set()
