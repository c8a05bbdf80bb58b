"""Metrics are declared over columns that are there, and their SQL says what is divided by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import duckdb
import pytest

from contract import metrics
from contract.columns import MERCHANT, count, date, flag, number
from contract.metrics import METRICS, Aggregate, Measure, Metric, rows, time_column, total
from contract.semantic_files import yaml_files
from contract.table import ANALYSTS, Table
from contract.tables import TABLES, marts

VISITS = Table(
    "visits",
    "Grain: merchant × day, and all merchants.",
    "merchant_id, day",
    (
        MERCHANT,
        date("day", "The day."),
        count("people", "people", "People."),
        count("buyers", "people", "Buyers."),
        number("rate", "ratio", "A rate."),
        flag("is_total", "Whether the row adds up others."),
        flag("is_new", "Whether the merchant is new."),
    ),
    consumers=(ANALYSTS,),
    time="day",
)
RATE = METRICS["formation_rate"]


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """A mart with total rows: merchants a and b on two days."""
    monkeypatch.setitem(TABLES, "visits", VISITS)
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute("""
        create table marts.visits as
        from (values
            ('a', date '2026-03-01', 10, 1, 0.1, false, true),
            ('a', date '2026-03-02', 30, 9, 0.3, false, false),
            ('b', date '2026-03-02', 60, 0, 0.0, false, true),
            ('all', date '2026-03-02', 100, 10, 0.1, true, false)
        ) as rows (merchant_id, day, people, buyers, rate, is_total, is_new)
    """)
    return connection


@pytest.mark.parametrize(
    ("measures", "sql", "value"),
    [
        ((total("people"),), "sum(people) filter (where not is_total)", 100),
        ((rows("merchant_id", "is_new"),), "count(merchant_id) filter (where not is_total and is_new)", 2),
        (
            (total("buyers"), total("people")),
            "sum(buyers) filter (where not is_total) / nullif(sum(people) filter (where not is_total), 0)",
            0.1,  # the mean of the rates is 0.133
        ),
        (
            (rows("day", "is_new"), rows("day")),
            "1.0 * count(day) filter (where not is_total and is_new) / nullif(count(day) filter (where not is_total), 0)",
            2 / 3,
        ),
        (
            (Measure("people", Aggregate.LAST),),
            "sum(people) filter (where not is_total and day = (select max(day) from marts.visits))",
            90,
        ),
    ],
    ids=["sum", "count", "rate", "rate_of_counts", "stock"],
)
def test_the_sql_of_a_metric(visits: duckdb.DuckDBPyConnection, measures: tuple[Measure, ...], sql: str, value: float) -> None:
    metric = Metric("visits_metric", "Label", "Text.", "visits", *measures)
    assert metric.sql == sql
    assert visits.execute(f"select {sql} from marts.visits").fetchall() == [(pytest.approx(value),)]
    assert metric.where == ("not is_total and is_new" if measures == (rows("merchant_id", "is_new"),) else "not is_total")
    assert metric.is_additive is (measures[0].aggregate is not Aggregate.LAST)


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        pytest.param(lambda: replace(RATE, table="teams"), "formation_rate is of teams, which is no mart", id="table"),
        pytest.param(lambda: replace(RATE, table="opener_edges"), "which is no mart", id="internal_table"),
        pytest.param(
            lambda: replace(RATE, numerator=total("formed")), "names formed, which the mart team_formation", id="column"
        ),
        pytest.param(lambda: replace(RATE, denominator=total("clsoed")), "names clsoed, which", id="denominator"),
        pytest.param(lambda: replace(RATE, numerator=total("closed", "is_organic")), "names is_organic", id="condition"),
        pytest.param(
            lambda: replace(RATE, numerator=total("goal")), "adds up team_formation.goal, which is varchar", id="text"
        ),
        pytest.param(lambda: replace(RATE, numerator=Measure("closed", Aggregate.LAST)), "is not divided", id="stock"),
        pytest.param(lambda: replace(RATE, text=" "), "needs a label and a text", id="text_is_missing"),
    ],
)
def test_a_metric_that_is_wrong_is_refused(declare: Callable[[], object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        declare()


def test_values_in_a_condition_are_no_columns() -> None:
    assert replace(RATE, numerator=total("closed", "goal = 'clearance' and members is not null")).denominator


def test_a_name_is_of_one_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_DECLARED", (RATE, RATE))
    with pytest.raises(ValueError, match="formation_rate is declared twice"):
        metrics._by_name()


def test_a_label_is_of_one_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_DECLARED", (RATE, replace(RATE, name="other_rate")))
    with pytest.raises(ValueError, match="formation_rate and other_rate have one label, Formation rate"):
        metrics._by_name()


def test_time_is_the_business_date_else_the_day_of_the_table() -> None:
    names = ("orders", "daily_merchant", "per_fan_revenue", "live_sessions", "team_design")
    assert [time_column(TABLES[name]) for name in names] == ["paid_date", "date", "as_of", "started_date", None]


def test_every_rate_beside_what_it_divides_has_a_pooled_metric() -> None:
    rates = {(table.name, *column.quotient) for table in marts() for column in table.mart_columns if column.quotient}
    pooled = {(metric.table, *(measure.expression for measure in metric.measures)) for metric in METRICS.values()}
    assert len(rates) > 12
    assert rates <= pooled
    closed = METRICS["formation_rate_incl_auto_filled_in_team_formation_by_region"]
    assert [measure.expression for measure in closed.measures] == ["formed_organic + formed_auto_filled", "closed"]
    assert closed.where == "not is_total"


def test_every_rate_divides_two_metrics_of_its_own_mart() -> None:
    [content] = yaml_files().values()
    models = {measure["name"]: model["name"] for model in content["semantic_models"] for measure in model.get("measures", [])}
    written = {metric["name"]: metric["type_params"] for metric in content["metrics"]}
    rates = [metric for metric in METRICS.values() if metric.denominator and metric.name in written]
    assert len(rates) > 15
    for rate in rates:
        parts = (written[rate.name]["numerator"], written[rate.name]["denominator"])
        assert {models[written[part]["measure"]] for part in parts} == {rate.table}


def test_metrics_of_the_house() -> None:
    assert METRICS["net_revenue"].sql == "sum(revenue)"
    assert METRICS["net_revenue"].where is None
    assert METRICS["formation_rate"].sql == "sum(formed_organic) / nullif(sum(closed), 0)"
