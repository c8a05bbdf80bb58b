"""Semantic models, metrics and exposures, as dbt's own parser left them beside the build, against the warehouse."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from contract.settings import Settings
from tests.dbt_project.conftest import AS_OF


@pytest.fixture(scope="module")
def semantics(built: tuple[Settings, dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((built[0].work(AS_OF) / "dbt" / "semantic_manifest.json").read_text())
    return content


@pytest.fixture(scope="module")
def manifest(built: tuple[Settings, dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((built[0].work(AS_OF) / "dbt" / "manifest.json").read_text())
    return content


def _measures(semantics: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Name -> the aggregate's SQL and its relation."""
    measures = {}
    for model in semantics["semantic_models"]:
        relation = f"marts.{model['node_relation']['alias']}"
        for measure in model["measures"]:
            column = measure["expr"] or measure["name"]
            measures[measure["name"]] = (f"{measure['agg']}({column})", relation)
    return measures


def test_measures_can_be_worked_out(semantics: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    measures = _measures(semantics)
    assert len(measures) > 10
    for name, (sql, relation) in measures.items():
        column = sql.partition("(")[2].removesuffix(")")
        ((value, values),) = marts.execute(f"select {sql}, count({column}) from {relation}").fetchall()
        assert value is not None or not values, name


def test_dimensions_and_entities_are_columns(semantics: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    checked = 0
    for model in semantics["semantic_models"]:
        for part in model["dimensions"] + model["entities"]:
            marts.execute(f"select {part['expr'] or part['name']} from marts.{model['node_relation']['alias']} limit 0")
            checked += 1
    assert checked > 10


def test_net_revenue_is_that_of_the_growth_split(semantics: dict[str, Any], marts: duckdb.DuckDBPyConnection) -> None:
    metrics = {metric["name"]: metric for metric in semantics["metrics"]}
    sql, relation = _measures(semantics)[metrics["net_revenue"]["type_params"]["measure"]["name"]]
    daily = marts.execute(f"select {sql} from {relation}").fetchall()
    assert daily == marts.execute("select sum(revenue) from growth_split").fetchall()
    sql, relation = _measures(semantics)["orders_net_measure"]
    assert daily == marts.execute(f"select {sql} from {relation}").fetchall()


def test_every_mart_has_a_consumer(manifest: dict[str, Any]) -> None:
    consumed = {node.split(".")[-1] for exposure in manifest["exposures"].values() for node in exposure["depends_on"]["nodes"]}
    published = {node["name"] for node in manifest["nodes"].values() if node.get("schema") == "marts"}
    published = {name for name in published if f"model.fanout.{name}" in manifest["nodes"]}
    assert len(published) > 35
    assert published - consumed == set()
    assert len(manifest["exposures"]) == 4
