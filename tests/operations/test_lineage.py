"""The graph of the datasets agrees with dbt's manifest and with what the commands read, and its questions are answered."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contract.events import EVENT_TYPES, SOURCES
from contract.settings import CHECKOUT, Settings
from dashboards.datasets import datasets
from dbt_project.build import run_dbt
from lineage import names
from lineage.manifest import Manifest, Model, read_manifest
from operations import lineage as command
from operations.lineage_graph import KINDS, PAGES, Graph, columns, graph
from spark_jobs.families import FAMILIES
from tests.dbt_project.conftest import AS_OF


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the manifest of the project as dbt parses it; no lake is needed for that."""
    home = tmp_path_factory.mktemp("lineage")
    outcome = run_dbt(Settings.from_environment({"FANOUT_HOME": str(home)}), AS_OF, "parse")
    assert outcome.success, outcome.exception
    return home


@pytest.fixture(scope="module")
def raw(home: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((home / "work" / AS_OF.isoformat() / "dbt" / "manifest.json").read_text())
    return content


@pytest.fixture(scope="module")
def known(home: Path) -> Graph:
    return graph(read_manifest(home / "work" / AS_OF.isoformat() / "dbt" / "manifest.json"))


def of_dbt(raw: dict[str, Any], node: str) -> str:
    """The dataset of a node of the manifest."""
    if node.startswith("source."):
        return f"lake/{raw['sources'][node]['identifier']}"
    return f"warehouse/{raw['nodes'][node]['schema']}.{raw['nodes'][node]['name']}"


def differing(known: Graph, raw: dict[str, Any]) -> list[str]:
    """Models of dbt that do not read in the graph what they read in dbt; one event type is a part of its source's table."""
    found = []
    for node, parents in raw["parent_map"].items():
        if node.startswith(("model.", "seed.")):
            dataset = of_dbt(raw, node)
            above = {re.sub(r"^(lake/\w+_events)/.*", r"\1", edge.above) for edge in known.above(dataset)} - {names.RECEIPTS}
            if above != {of_dbt(raw, parent) for parent in parents}:
                found.append(dataset)
    return found


def test_every_dataset_is_there_once(known: Graph, raw: dict[str, Any]) -> None:
    assert len(known.datasets) == len({*known.datasets}) > 600
    assert {edge.above for edge in known.edges} | {edge.below for edge in known.edges} <= {*known.datasets}
    assert len(known.edges) == len({(edge.above, edge.below) for edge in known.edges})
    stages = {name.partition("/")[0] for name in known.datasets}
    assert stages == {"landing", "returns", "lake", "warehouse", "published", "exports", "bi", "superset", "site"}
    modelled = {of_dbt(raw, node) for node in raw["nodes"] if node.startswith(("model.", "seed."))}
    assert modelled == {name for name in known.datasets if name.startswith("warehouse/")}


def test_the_models_read_what_dbts_manifest_says(known: Graph, raw: dict[str, Any]) -> None:
    assert sum(node.startswith("model.") for node in raw["parent_map"]) > 250
    assert differing(known, raw) == []
    sources = {of_dbt(raw, node) for node in raw["sources"]}
    assert {re.sub(r"(_events)/.*", r"\1", edge.above) for edge in known.edges if edge.above.startswith("lake/")} == sources
    for page, consumer in PAGES.items():
        nodes = raw["exposures"][f"exposure.fanout.{consumer}"]["depends_on"]["nodes"]
        told = {of_dbt(raw, node).replace("warehouse/marts.", "published/") for node in nodes}
        assert {edge.above for edge in known.above(page)} == told


def test_a_missing_edge_is_seen(known: Graph, raw: dict[str, Any]) -> None:
    [edge] = [edge for edge in known.above("warehouse/marts.orders") if "netted" in edge.above]
    assert differing(replace(known, edges=tuple(other for other in known.edges if other != edge)), raw) == [edge.below]


def marts_of(sql: str) -> set[str]:
    """The published marts that DuckDB finds in a query."""
    with duckdb.connect() as con:
        tables = con.get_table_names(sql, qualified=True)
    return {f"published/{found[1]}" for name in tables if (found := re.search(r"\bmarts\.\"?(\w+)", name))}


def test_exports_and_dashboards_are_read_from_what_their_sql_reads(known: Graph) -> None:
    named = {"published/fan_contacts", "published/fan_names", "published/fan_revenue"}
    of_people = 0
    for kind, tables in KINDS.items():
        for table in tables:
            above = {edge.above for edge in known.above(names.export(kind, table.name))}
            expected = marts_of(table.sql("now")) | (named if table.person else set())
            assert above == expected, table.name
            of_people += table.person is not None
    assert of_people > 5
    assert len({dataset.name for dataset in datasets().values()}) == len(datasets()) > 100
    for dataset in datasets().values():
        expected = marts_of(dataset.sql) if dataset.sql else {names.published(dataset.table.name)}
        assert {edge.above for edge in known.above(names.superset(dataset.name))} == expected


def test_families_are_made_of_the_events_that_their_code_names() -> None:
    for family in FAMILIES:
        said = set()
        for file in (CHECKOUT / "spark_jobs" / family.name).glob("*.py"):
            tree = ast.walk(ast.parse(file.read_text()))
            texts = {node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            said |= texts & EVENT_TYPES.keys()
            if "orders_and_refunds" in file.read_text():
                said |= {"shop.order_paid.v1", "shop.order_refunded.v1"}
        assert said
        if family.name == "merchant_churn":  # a merchant begins with the first event of any type that names it
            said = {name for name, event in EVENT_TYPES.items() if "merchant_id" in (field.name for field in event.fields)}
        assert {*family.reads} == said, family.name


def ask(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("FANOUT_HOME", str(home))
    status = command.main([*words, "--json"])
    said = capsys.readouterr()
    return json.loads(said.out) if status == 0 else said.err


def test_questions_are_answered(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    used = ask(home, capsys, monkeypatch, "downstream", "stream.viewer_left.v1", "--stage", "exports")["datasets"]
    assert used == sorted({*used})
    assert all(name.startswith("exports/") for name in used)
    assert "exports/merchants/groups.csv" not in used
    above = ask(home, capsys, monkeypatch, "upstream", "orders")
    assert {"landing/shop/dt=*/*.jsonl", "lake/shop_events/shop.order_paid.v1"} <= {*above["datasets"]}
    assert not [name for name in above["datasets"] if name.startswith("landing/stream")]
    listed = ask(home, capsys, monkeypatch, "list", "--stage", "landing")
    assert listed["datasets"] == [f"landing/{source}/dt=*/*.jsonl" for source in sorted(SOURCES)]
    assert "there is no dataset ordrs" in ask(home, capsys, monkeypatch, "upstream", "ordrs")
    assert "is it one of" in ask(home, capsys, monkeypatch, "upstream", "merchant_over")
    assert "no build of 2020-01-01" in ask(home, capsys, monkeypatch, "list", "--as-of", "2020-01-01")
    assert "has no column nothing" in ask(home, capsys, monkeypatch, "upstream", "orders", "--column", "nothing")


def test_a_landing_file_stands_for_the_types_that_it_brought(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "stream/dt=2026-03-20/a.jsonl"
    kinds = {file: ["stream.viewer_left.v1"]}
    monkeypatch.setattr(command, "types_of_file", lambda settings, source, name: kinds.get(name, []))
    answer = ask(home, capsys, monkeypatch, "downstream", file)
    assert answer["of"] == ["lake/stream_events/stream.viewer_left.v1"]
    assert "published/live_sessions" in answer["datasets"]
    assert "no accepted line" in ask(home, capsys, monkeypatch, "downstream", "stream/dt=2026-03-20/b.jsonl")


def model(name: str, sql: str, *reads: str) -> tuple[str, Model]:
    dataset = f"warehouse/{name}"
    return dataset, Model(dataset, name.partition(".")[2], reads, {}, sql)


@pytest.fixture
def small() -> Manifest:
    """Three models whose columns can be followed by eye."""
    staged = "warehouse/staging.stg_shop__order_paid"
    event = "lake/shop_events/shop.order_paid.v1"
    source = "with source as (select * from delta_scan('/lake/shop_events')) select order_id, amount from source"
    middle = 'select *, amount * 2 as twice, 1 as one from "warehouse"."staging"."stg_shop__order_paid"'
    last = """
        with paid as (select * from "warehouse"."intermediate"."int_paid"),
        sums as (select order_id, sum(twice) over (partition by order_id) as net, one from paid)
        select order_id, net, coalesce(one, 0) as refunds from sums
    """
    return Manifest(
        dict(
            [
                model("staging.stg_shop__order_paid", source, event),
                model("intermediate.int_paid", middle, staged),
                model("marts.orders", last, "warehouse/intermediate.int_paid"),
            ]
        ),
        {},
    )


def test_columns_are_followed_through_sql(small: Manifest) -> None:
    assert columns("warehouse/intermediate.int_paid", small) == ["order_id", "amount", "twice", "one"]
    assert small.feeding("warehouse/marts.orders", "net") == {
        ("warehouse/intermediate.int_paid", "twice"),
        ("warehouse/intermediate.int_paid", "order_id"),
    }
    assert small.feeding("warehouse/intermediate.int_paid", "twice") == {("warehouse/staging.stg_shop__order_paid", "amount")}
    assert small.feeding("warehouse/intermediate.int_paid", "one") == set()
    assert small.feeding("warehouse/staging.stg_shop__order_paid", "amount") == {
        ("lake/shop_events/shop.order_paid.v1", "amount")
    }
    assert small.untraced == set()
    assert small.feeding("warehouse/marts.orders", "nothing") == set()
    assert small.untraced == {"warehouse/marts.orders:nothing"}


def test_a_column_is_asked_from_export_to_event_and_back(small: Manifest) -> None:
    known = graph(small)
    up = command.of_column(known, "published/orders", "net", up=True)["columns"]
    assert {
        "column": "warehouse/marts.orders:net",
        "from": ["warehouse/intermediate.int_paid:order_id", "warehouse/intermediate.int_paid:twice"],
    } in up
    assert "lake/shop_events/shop.order_paid.v1:amount" in {step["column"] for step in up}
    event = "lake/shop_events/shop.order_paid.v1"
    down = command.of_column(known, event, "amount", up=False)["columns"]
    assert "warehouse/marts.orders:net" in {step["column"] for step in down}
    assert "warehouse/marts.orders:refunds" not in {step["column"] for step in down}
