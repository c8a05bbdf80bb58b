"""The real MetricFlow on the published file: it accepts the metrics, and each is what a query by hand gives."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from contract.metrics import METRICS, TOTAL, Metric
from contract.settings import CHECKOUT, Settings
from contract.tables import TABLES
from publication.metricflow import ENVIRONMENT, write
from tests.small_warehouse import published

pytestmark = pytest.mark.acceptance

ASK = Path(__file__).with_name("ask_metricflow.py")
# What a metric of a mart with a merchant can be grouped by.
OF_MERCHANT = ("plan", "region", "category")


@pytest.fixture(scope="session")
def environment() -> Path:
    """MetricFlow's environment, by its lock file; one that is there already is taken."""
    folder = CHECKOUT / "build" / f"metricflow-{hashlib.sha256(ENVIRONMENT.read_bytes()).hexdigest()[:12]}"
    if not (folder / "done").exists():
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin" / "python")]
        subprocess.run([*install, str(ENVIRONMENT)], check=True)
        (folder / "done").touch()
    return folder / "bin"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published file in which merchants differ."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("published"))})
    changes = (
        "update marts.merchants set plan = 'pro', region = 'CN-ZJ', category = 'tea' where merchant_id = 'm-1'",
        "update marts.merchants set plan = 'basic', region = 'CN-SH', category = 'cups' where merchant_id = 'm-2'",
        """insert into marts.daily_merchant by name (
            select merchant_id, date '2026-03-20' as date, if(merchant_id = 'm-1', 3, 2) as fans, 0 as revenue
            from marts.merchants
        )""",
    )
    return published(settings, *changes) / "fanout.duckdb"


@pytest.fixture(scope="module")
def project(environment: Path, database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metricflow") / "project"
    assert write(folder, database) > 10
    parsed = run([str(environment / "dbt"), "parse"], folder)
    assert parsed.returncode == 0, parsed.stdout
    return folder


@pytest.fixture
def con(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def run(command: list[str], project: Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    # Without these dbt and MetricFlow report that they were used.
    quiet = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "HOME": str(project)}
    return subprocess.run(command, cwd=project, env=os.environ | quiet, input=given, capture_output=True, text=True)


def in_metricflow() -> list[Metric]:
    [semantics] = (yaml.safe_load((CHECKOUT / "dbt_project/models/marts/_marts__semantic_models.yml").read_text()),)
    names = {metric["name"] for metric in semantics["metrics"]}
    return [metric for metric in METRICS.values() if metric.name in names]


def by_hand(con: duckdb.DuckDBPyConnection, metric: Metric, group: str | None = None) -> dict[Any, float | None]:
    """A metric in plain SQL, by a column of the merchant's; None is a merchant without it."""
    rows = f"marts.{metric.table}"
    if any(column.name == TOTAL for column in TABLES[metric.table].mart_columns):
        rows = f"(select * from {rows} where not {TOTAL}) as rows"
    if group is None:
        query = f"select null, {metric.sql} from {rows}"
    else:
        query = f"""
            select merchants.{group}, {metric.sql.replace("count(merchant_id)", "count(merchants.merchant_id)")}
            from {rows} left join (select merchant_id, {group} from marts.merchants) as merchants using (merchant_id) group by 1
        """
    return {key: None if value is None else float(value) for key, value in con.execute(query).fetchall()}


Question = tuple[str, str | None]


def questions() -> list[Question]:
    """Each metric by itself and, where its mart has a merchant, by what the merchant is."""
    asked: list[Question] = []
    for metric in in_metricflow():
        has_merchant = any(column.name == "merchant_id" for column in TABLES[metric.table].mart_columns)
        asked += [(metric.name, group) for group in (None, *(OF_MERCHANT if has_merchant else ()))]
    return asked


@pytest.fixture(scope="module")
def answers(environment: Path, project: Path) -> dict[Question, dict[Any, float | None]]:
    """What MetricFlow answers, in one process of its own: by group, None for the whole or for a merchant without it."""
    asked = questions()
    given = [{"metrics": [metric], "group_by": [f"merchant__{group}"] if group else []} for metric, group in asked]
    done = run([str(environment / "python"), str(ASK)], project, json.dumps(given))
    assert done.returncode == 0, done.stderr
    found: dict[Question, dict[Any, float | None]] = {}
    for (metric, group), rows in zip(asked, json.loads(done.stdout), strict=True):
        of_group = {row.get(f"merchant__{group}"): row[metric] for row in rows}
        found[metric, group] = {key: None if value is None else float(value) for key, value in of_group.items()}
    return found


def test_it_accepts_the_metrics(environment: Path, project: Path) -> None:
    done = run([str(environment / "mf"), "validate-configs", "--show-all"], project)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ERRORS: 0, FUTURE_ERRORS: 0, WARNINGS: 0") == 6


def test_it_refuses_a_measure_of_no_column(environment: Path, project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "broken")
    parsed = tmp_path / "broken" / "target" / "semantic_manifest.json"
    semantics = json.loads(parsed.read_text())
    measures = [measure for model in semantics["semantic_models"] for measure in model["measures"]]
    [measure] = [measure for measure in measures if measure["name"] == "net_revenue_measure"]
    measure["expr"] = "revenues"
    parsed.write_text(json.dumps(semantics))
    done = run([str(environment / "mf"), "validate-configs"], tmp_path / "broken")
    assert done.returncode == 1
    assert "revenues" in done.stdout


def test_it_refuses_a_rate_of_no_metric(environment: Path, project: Path, tmp_path: Path) -> None:
    shutil.copytree(project, tmp_path / "broken")
    file = tmp_path / "broken" / "models" / "semantic_models.yml"
    semantics = yaml.safe_load(file.read_text())
    [rate] = [metric for metric in semantics["metrics"] if metric["name"] == "buyers_per_visitor"]
    rate["type_params"]["denominator"] = "visits"
    file.write_text(yaml.safe_dump(semantics))
    done = run([str(environment / "dbt"), "parse"], tmp_path / "broken")
    assert done.returncode == 2
    assert "visits" in done.stdout


def test_every_metric_is_what_a_query_by_hand_gives(
    answers: dict[Question, dict[Any, float | None]], con: duckdb.DuckDBPyConnection
) -> None:
    metrics = in_metricflow()
    assert len(metrics) > 40
    for metric in metrics:
        assert answers[metric.name, None] == pytest.approx(by_hand(con, metric)), metric.name
    assert sum(answers[metric.name, None] != {None: None} for metric in metrics) > 35


def test_metrics_are_grouped_by_what_the_merchant_is(
    answers: dict[Question, dict[Any, float | None]], con: duckdb.DuckDBPyConnection
) -> None:
    grouped = [(METRICS[name], group) for name, group in answers if group and METRICS[name].is_additive]
    assert len(grouped) > 80
    for metric, group in grouped:
        assert answers[metric.name, group] == pytest.approx(by_hand(con, metric, group)), (metric.name, group)


def test_a_stock_is_that_of_the_last_day(answers: dict[Question, dict[Any, float | None]]) -> None:
    """On 2026-03-20 m-1 has 3 fans and m-2 has 2."""
    assert answers["fans_at_day_end", "plan"] == {"pro": 3, "basic": 2}


def test_a_rate_of_groups_is_pooled(answers: dict[Question, dict[Any, float | None]]) -> None:
    """80.00 of 3.5 fans and 12.50 of 2.0: 92.50 / 5.5, and not the mean of 22.86 and 6.25."""
    assert answers["pooled_revenue_per_fan", None] == {None: pytest.approx(92.5 / 5.5)}
    assert answers["pooled_revenue_per_fan", "category"] == {"tea": pytest.approx(80 / 3.5), "cups": 6.25}
