"""The bundle without a Superset: whatever a chart names is there, each query runs, totals are left out, and nothing varies."""

from __future__ import annotations

import json
import re
import runpy
import zipfile
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
import yaml

from contract.settings import Settings
from contract.table import ANALYSTS
from contract.tables import marts
from dashboards import access, bundle
from dashboards.boards import BOARDS, Board
from dashboards.charts import BundleError, Chart, Kind, Of
from dashboards.datasets import TOTALS, datasets, identity
from operations import superset_server

CHARTS = [chart for board in BOARDS for chart in board.charts]
GOOD = Chart("Orders", "orders", Kind.BAR, (Of("SUM", "net", "Net"),), x="week_start")


def board(*charts: Chart) -> Board:
    return Board("a-board", "A board", "For a test.", (charts,))


@pytest.fixture(scope="module")
def con(published_home: Settings) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(published_home.published / "current" / "fanout.duckdb"), read_only=True)


def query(name: str) -> str:
    dataset = datasets()[name]
    return dataset.sql or f"select * from marts.{dataset.table.name}"


def test_there_is_a_dashboard_for_each_question_of_the_house() -> None:
    assert [shown.slug for shown in BOARDS] == [
        "this-morning", "why", "cube", "fans-and-money", "channels", "spread", "teams", "live", "groups", "people",
        "journeys", "campaigns-and-leads", "leads", "data-quality",
    ]  # fmt: skip
    assert len(CHARTS) > 40
    assert all(len(shown.charts) >= 5 for shown in BOARDS)


def test_every_mart_for_analysts_is_a_dataset_with_texts() -> None:
    wanted = {table.name for table in marts() if ANALYSTS in table.consumers}
    assert len(wanted) > 25
    assert wanted <= datasets().keys()
    for dataset in datasets().values():
        assert all(column.text for column in dataset.columns), dataset.name


def test_every_dataset_has_the_columns_that_it_declares(con: duckdb.DuckDBPyConnection) -> None:
    assert len(datasets()) > 50
    for name, dataset in datasets().items():
        found = [column[0] for column in con.execute(f"select * from ({query(name)}) as d limit 0").description]
        assert found == [column.name for column in dataset.columns], name


def test_every_metric_of_every_dataset_is_an_aggregate_over_it(con: duckdb.DuckDBPyConnection) -> None:
    metrics = [(name, metric) for name, dataset in datasets().items() for metric in dataset.metrics]
    assert len(metrics) > 100
    for name, metric in metrics:
        assert len(con.execute(f"select {metric['expression']} from ({query(name)}) as d").fetchall()) == 1, (name, metric)


def test_every_chart_has_rows(con: duckdb.DuckDBPyConnection) -> None:
    for chart in CHARTS:
        [(rows,)] = con.execute(f"select count(*) from ({query(chart.dataset)}) as d where {chart.where or 'true'}").fetchall()
        assert rows or chart.title == "Files that do not balance", chart.title


def test_the_time_of_orders_is_the_date_of_payment_and_no_instant_is_a_time(tmp_path: Path) -> None:
    assert bundle.write(Settings.from_environment({"FANOUT_HOME": str(tmp_path)}), tmp_path) > 100
    orders = yaml.safe_load((tmp_path / "datasets" / "published_warehouse" / "orders.yaml").read_text())
    assert orders["main_dttm_col"] == "paid_date"
    times = {column["column_name"] for column in orders["columns"] if column["is_dttm"]}
    assert times == {"paid_date", "week_start"}


def test_total_rows_are_left_out_and_are_a_dataset_of_their_own(con: duckdb.DuckDBPyConnection) -> None:
    with_totals = [name for name in datasets() if name + TOTALS in datasets()]
    assert {"team_formation_by_region", "spread_concentration", "group_survival", "group_lifetimes"} <= {*with_totals}
    for name in with_totals:
        for asked, total in ((name, False), (name + TOTALS, True)):
            assert con.execute(f"select distinct is_total from ({query(asked)}) as d").fetchall() in ([(total,)], []), asked
    # By hand, from tests/small_warehouse.yml: 1 team in 2026-02, 2 and 1 in 2026-03; a sum over all rows would be 8.
    asked = "select sum(opened) from ({}) as d"
    assert con.execute(asked.format(query("team_formation_by_region"))).fetchall() == [(4,)]
    assert con.execute(asked.format(query(f"team_formation_by_region{TOTALS}"))).fetchall() == [(4,)]


def test_a_map_is_linked_where_the_exports_are_served_and_the_folder_is_called_like_the_merchant(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = {}
    for url in (None, "https://files.example/exports"):
        dataset = datasets(url)["largest_cascades"]
        assert dataset.sql is not None
        wanted = ("m-1", "con", "M 17")
        named = " union all ".join(f"select * replace ('{name}' as merchant_id) from marts.largest_cascades" for name in wanted)
        read = dataset.sql.replace("marts.largest_cascades as t", f"({named}) as t")
        found[url] = dict(con.execute(f"select distinct merchant_id, spread_map from ({read})").fetchall())
    path = "2026-03-20/merchants/m-1/spread_map.html"
    link = f'<a href="https://files.example/exports/{path}" target="_blank">map</a>'
    assert found == {
        None: {"m-1": path, "con": None, "M 17": None},
        "https://files.example/exports": {"m-1": link, "con": None, "M 17": None},
    }


def test_the_places_in_the_tree_sort_as_the_tree(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(f"select distinct place_in_tree from ({query('diagnosis')}) as d order by 1").fetchall()
    assert [place for (place,) in rows][:6] == [
        "1 Payments", "1.1 Buyers", "1.1.1 Visitors", "1.1.1.1 New visitors", "1.1.1.2 Returning visitors",
        "1.1.2 Share who bought",
    ]  # fmt: skip


def test_a_week_counts_as_whole_only_with_all_its_days(published_home: Settings, con: duckdb.DuckDBPyConnection) -> None:
    # as_of is Friday, 20 March 2026, so the week of Monday the 16th is not whole; the history of orders begins on Tuesday,
    # 10 February, so the week of the 9th is not either. The week of 2 March has the order of the 5th.
    weeks = con.execute(
        f"select distinct week_start::varchar, is_whole_week from ({query('orders')}) as d order by 1"
    ).fetchall()
    assert weeks == [("2026-02-09", False), ("2026-03-02", True), ("2026-03-16", False)]


def test_the_same_input_gives_the_same_bytes(published_home: Settings) -> None:
    first = bundle.archive(published_home)
    assert first == bundle.archive(published_home)
    with zipfile.ZipFile(BytesIO(first)) as packed:
        names = packed.namelist()
    assert len(names) == len({*names}) > 100
    assert {name.split("/")[0] for name in names} == {"fanout"}


def test_ids_are_stable_and_unique(published_home: Settings) -> None:
    files = {path: yaml.safe_load(text) for path, text in bundle.files(published_home).items() if path != "metadata.yaml"}
    ids = Counter(content["uuid"] for content in files.values())
    assert len(files) > 100
    assert ids.most_common(1)[0][1] == 1
    # What a browser's bookmark and a second import depend on.
    assert identity("dashboard", "this-morning") == str(UUID(files["dashboards/this-morning.yaml"]["uuid"]))
    assert identity("dataset", "orders") == "62477c4b-ce88-5423-8155-517447cd53ed"


def test_no_secret_and_safe_parameters_in_the_bundle(published_home: Settings) -> None:
    files = bundle.files(
        replace(published_home, superset_password="hunter2-hunter2", bi_dsn="postgresql://u:hunter2-hunter2@h/d")
    )
    assert not [path for path, text in files.items() if "hunter2" in text]
    database = yaml.safe_load(files["databases/published_warehouse.yaml"])
    assert database["sqlalchemy_uri"] == f"duckdb:///{published_home.published}/current/fanout.duckdb"
    parameters = database["extra"]["engine_params"]["connect_args"]
    assert parameters["read_only"] is True
    assert parameters["config"]["enable_external_access"] is False
    assert parameters["config"]["lock_configuration"] is True
    spill = Path(parameters["config"]["temp_directory"])
    assert spill.is_relative_to(published_home.home)
    assert not spill.is_relative_to(published_home.published)
    assert not [name for name in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload") if database[name]]


def test_the_query_that_is_warmed_is_the_form_that_is_shown(published_home: Settings) -> None:
    charts = [yaml.safe_load(text) for path, text in bundle.files(published_home).items() if path.startswith("charts/")]
    assert len(charts) == len(CHARTS)
    for chart in charts:
        (asked,) = json.loads(chart["query_context"])["queries"]
        form = chart["params"]
        where = [entry["sqlExpression"] for entry in form["adhoc_filters"]]
        assert asked["extras"]["where"] == (f"({where[0]})" if where else ""), chart["slice_name"]
        assert asked["row_limit"] == form["row_limit"]


@pytest.mark.parametrize(
    ("chart", "complaint"),
    [
        (replace(GOOD, dataset="oders"), r"'Orders' reads oders, which is no dataset; there are .*orders"),
        (replace(GOOD, x="paid_dat"), r"'Orders' names the column paid_dat; orders has .*paid_date"),
        (replace(GOOD, by=("regoin",)), r"'Orders' names the column regoin; orders has .*region"),
        (replace(GOOD, metrics=(Of("SUM", "nett", "Net"),)), r"'Orders' names the column nett; orders has .*net"),
        (replace(GOOD, metrics=("oders_net",)), r"'Orders' names the metric oders_net; orders has .*orders_net"),
        (replace(GOOD, kind=Kind.ROWS, metrics=(), by=("net",), order="-nett"), r"'Orders' names the column nett"),
    ],
)
def test_a_misspelt_name_is_refused(published_home: Settings, chart: Chart, complaint: str) -> None:
    assert bundle.files(published_home, [board(GOOD)])
    with pytest.raises(BundleError, match=complaint):
        bundle.files(published_home, [board(chart)])


def test_two_charts_of_one_title_and_a_row_that_is_too_wide_are_refused(published_home: Settings) -> None:
    with pytest.raises(BundleError, match="two charts are called 'Orders'"):
        bundle.files(published_home, [board(GOOD, GOOD)])
    with pytest.raises(BundleError, match="wider than 12 columns"):
        bundle.files(published_home, [board(GOOD, replace(GOOD, title="Wide", width=7))])


def test_a_filter_names_columns_of_its_dataset(con: duckdb.DuckDBPyConnection) -> None:
    filtered = [chart for chart in CHARTS if chart.where]
    assert len(filtered) > 10
    for chart in filtered:
        con.execute(f"select 1 from ({query(chart.dataset)}) as d where {chart.where} limit 0")
    with pytest.raises(duckdb.BinderException):
        con.execute(f"select 1 from ({query('orders')}) as d where is_whole_weak limit 0")


def test_readers_of_one_merchant_get_nothing_that_names_people() -> None:
    readable = [dataset for dataset in datasets().values() if access.is_readable(dataset)]
    assert len(readable) > 5
    assert "per_fan_revenue" in {dataset.name for dataset in readable}
    assert not {"merchants", "orders", "users", "fan_revenue"} & {dataset.name for dataset in readable}
    assert not {"merchant_team_regions", "merchant_cube"} & {dataset.name for dataset in readable}  # regions of few people
    for dataset in readable:
        assert re.search("merchant_id", access.CLAUSE)
        assert dataset.column("merchant_id") is not None
        assert not [column.name for column in dataset.columns if column.is_person or column.name == "user_id"]


def test_a_server_that_starts_removes_what_killed_workers_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERSET_HOME", str(tmp_path))
    left = tmp_path / "spill" / "7-2026-03-20-v000001" / "duckdb_temp_storage_DEFAULT-0.tmp"
    left.parent.mkdir(parents=True)
    left.write_text("rows")
    (tmp_path / "superset.db").write_text("metadata")
    runpy.run_path(str(superset_server.SOURCE / "gunicorn.conf.py"))["on_starting"](None)
    assert [path.name for path in tmp_path.iterdir()] == ["superset.db"]
