"""Every expectation of the publication gate passes on the small warehouse and refuses one bad input: its twin."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from expectations.findings import Finding
from expectations.gate import GateError, gate_publication, inspect, judge, main
from expectations.suites import Expectation, Severity, Suite
from expectations.suites.marts import SUITES
from tests import small_warehouse
from tests.small_warehouse import AS_OF

SUITE_OF = {suite.table: suite for suite in SUITES}
CASES = [(suite, expectation) for suite in SUITES for expectation in suite.expectations]


def _twin(suite: Suite, expectation: Expectation) -> str:
    """A statement after which the expectation must not hold: its own, or one for what follows from any declaration."""
    table, name = f"marts.{suite.table}", expectation.name
    column, _, what = name.partition(" ")
    if expectation.breaks:
        return expectation.breaks
    if name == "has rows":
        return f"delete from {table}"
    if name == "key":
        return f"insert into {table} select * from {table} limit 1"
    if name == "day":
        return f"update {table} set as_of = as_of - 1"
    wrong = {
        "is there": "null",
        "in range": "'nan'" if expectation.meaning.endswith("is finite") else "-2",
        "is known": "'surprise'",
        "is a quotient": f"coalesce({column}, 0) + 0.001",
        "follows": f"not {column}" if column == "is_total" else "date '1999-01-01'",
    }
    return f"update {table} set {column} = {wrong[what]}"


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        small_warehouse.fill(con)
        con.execute("set variable as_of = ?::date", [AS_OF])
        yield con


@pytest.fixture
def change(warehouse: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small warehouse in a transaction that is rolled back."""
    warehouse.execute("begin")
    yield warehouse
    warehouse.execute("rollback")


def _broken(con: duckdb.DuckDBPyConnection, *suites: Suite) -> dict[tuple[str, str], Finding]:
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
    return {(found.table, found.expectation): found for found in inspect(con, suites, tables) if found.broken_rows != 0}


def test_gate_passes_the_small_warehouse(warehouse: duckdb.DuckDBPyConnection) -> None:
    tables = {name for (name,) in warehouse.execute("select table_name from duckdb_tables()").fetchall()}
    assert {suite.table for suite in SUITES} == tables
    assert _broken(warehouse, *SUITES) == {}


def test_every_rule_that_is_written_by_hand_has_a_counterexample() -> None:
    common = ("key", "has rows", "day", "is there", "in range", "is known", "follows", "is a quotient")
    own = {
        (suite.table, expectation.name): expectation for suite, expectation in CASES if not expectation.name.endswith(common)
    }
    assert len(own) > 50
    assert [key for key, expectation in own.items() if not expectation.breaks] == []
    assert len(CASES) > 10 * len(own)


@pytest.mark.parametrize(("suite", "expectation"), [pytest.param(s, e, id=f"{s.table}-{e.name}") for s, e in CASES])
def test_gate_publication_rejects(change: duckdb.DuckDBPyConnection, suite: Suite, expectation: Expectation) -> None:
    if not expectation.breaks and change.execute(f"select count(*) from marts.{suite.table}").fetchall() == [(0,)]:
        change.execute(small_warehouse.insert(TABLES[suite.table], {}))
    change.execute(_twin(suite, expectation))
    found = _broken(change, replace(suite, expectations=(expectation,)))[suite.table, expectation.name]
    assert found.broken_rows > 0
    assert found.example is not None


def test_gate_rejects_a_figure_that_is_no_number(change: duckdb.DuckDBPyConnection) -> None:
    change.execute("update marts.ltv_model set alpha = 'nan'::double; update marts.lifetime_value set p_alive = 'nan'::double")
    broken = _broken(change, *SUITES)
    assert ("ltv_model", "alpha in range") in broken
    assert ("lifetime_value", "p_alive in range") in broken


def test_a_diagnostic_that_is_no_number_is_told_and_stops_nothing(change: duckdb.DuckDBPyConnection) -> None:
    change.execute("update marts.circle_quality set modularity = 'nan'::double")
    broken = _broken(change, *SUITES)
    assert broken.keys() == {("circle_quality", "modularity in range")}
    assert broken["circle_quality", "modularity in range"].severity is Severity.WARN


MONEY = {
    (suite.table, expectation.name.removesuffix(" is there"))
    for suite, expectation in CASES
    if "null only where it does not fit" in expectation.meaning
}


def test_money_that_does_not_fit_is_named_and_stops_nobody_else(change: duckdb.DuckDBPyConnection) -> None:
    """With every figure of m-1's money gone the gate warns of m-1 and its orders, the larger first; m-2 is judged as before."""
    assert len(MONEY) > 20
    assert ("growth_split", "revenue") in MONEY
    change.execute("update marts.merchants set is_money_complete = false where merchant_id = 'm-1'")
    for table, column in sorted(MONEY):
        change.execute(f"update marts.{table} set {column} = null where merchant_id = 'm-1'")
    broken = _broken(change, *SUITES)
    assert {key for key, found in broken.items() if found.severity is Severity.FAIL} == set()
    assert broken.keys() == {("orders", "money fits")}
    example = json.loads(broken["orders", "money fits"].example or "")
    assert example["merchant_id"] == "m-1"
    assert [order["order_id"] for order in example["largest"]] == ["o-1", "o-2"]

    for table, column in sorted(MONEY):
        change.execute(f"update marts.{table} set {column} = null")
    refused = {table for (table, name), found in _broken(change, *SUITES).items() if found.severity is Severity.FAIL}
    assert refused >= {"orders", "growth_split", "daily_merchant", "per_fan_revenue", "fan_revenue", "spreaders"}


def test_an_average_of_equal_numbers_may_be_larger_by_its_last_digit(change: duckdb.DuckDBPyConnection) -> None:
    """Three people from start to end of a live of 127.619 s: 382.857 / 127.619 in doubles."""
    average = 382.857 / 127.619
    assert average > 3
    change.execute("update marts.live_sessions set peak_viewers = 3, average_viewers = ?", [average])
    assert ("live_sessions", "viewers") not in _broken(change, SUITE_OF["live_sessions"])
    change.execute("update marts.live_sessions set average_viewers = 3.000001")
    assert ("live_sessions", "viewers") in _broken(change, SUITE_OF["live_sessions"])


def test_the_optimum_of_packets_that_brought_refunds_is_not_in_its_interval(change: duckdb.DuckDBPyConnection) -> None:
    """The more are shared the more is lost: at the upper bound of the rate the gain is lower than at the lower one."""
    change.execute("update marts.red_packet_response set is_in_interval = not is_optimum")
    assert ("red_packet_response", "one optimum") in _broken(change, SUITE_OF["red_packet_response"])
    change.execute("update marts.red_packet_response set revenue = -revenue")
    assert ("red_packet_response", "one optimum") not in _broken(change, SUITE_OF["red_packet_response"])


def test_gate_rejects_a_mart_that_is_missing(change: duckdb.DuckDBPyConnection) -> None:
    change.execute("drop table marts.cascades")
    broken = _broken(change, *SUITES)
    assert broken.keys() == {("cascades", "is there")}


def test_gate_rejects_a_column_that_is_missing(change: duckdb.DuckDBPyConnection) -> None:
    change.execute("alter table marts.cascade_layers drop openers")
    found = _broken(change, *SUITES)["cascade_layers", "openers is there"]
    assert found.broken_rows < 0
    assert "openers" in str(found.example)


def test_great_expectations_rejects_what_was_broken_or_not_evaluated(tmp_path: Path) -> None:
    findings = [
        Finding("cascades", name, severity, "a meaning", rows, '{"merchant_id":"m-1"}')
        for name, severity, rows in [
            ("holds", Severity.FAIL, 0),
            ("breaks", Severity.FAIL, 2),
            ("was not evaluated", Severity.FAIL, -1),
            ("warns", Severity.WARN, 1),
        ]
    ]
    rejected = judge("publication 2026-03-20", findings, tmp_path / "docs", AS_OF)
    assert {finding.expectation for finding in rejected} == {"breaks", "was not evaluated", "warns"}
    assert "breaks" in (tmp_path / "docs" / "expectations" / "cascades.html").read_text()
    index = (tmp_path / "docs" / "index.html").read_text()
    assert all(finding.sentence in html.unescape(index) for finding in rejected)
    [link] = re.findall(r'href="([^"]*)"', index)
    assert (tmp_path / "docs" / unquote(link)).is_file()
    pages = [page.read_text() for page in (tmp_path / "docs").rglob("*.html")]
    assert len(pages) > 2
    assert not [page for page in pages if re.search(r"""(src|<link[^>]*href)="?https?://|url\('?https?:""", page)]


def test_a_suite_refuses_the_same_expectation_twice() -> None:
    once = Expectation("key", "one row a key", "select 1 where false")
    with pytest.raises(ValueError, match="declared twice"):
        Suite("cascades", (once, once))


def test_planted_fault_stops_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = "update marts.cascade_layers set shares = 3 where depth = 2"
    small_warehouse.build(settings, fault, "create table marts.extra as select 1 as x")
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setattr("sys.argv", ["gate", "publication", "--as-of", AS_OF.isoformat()])
    assert main() == 1
    out, err = capsys.readouterr()
    report = json.loads(out.splitlines()[-1])
    assert (report["passed"], report["failures"], report["warnings"]) == (False, 1, 1)
    assert "fail cascade_layers, 'adds up to cascades': 2 rows break it" in err
    assert '"root_share_id":"s-1"' in err
    results = json.loads(Path(report["results"]).read_text())
    assert results["passed"] is False
    assert [(found["table"], found["severity"]) for found in results["failures"]] == [("cascade_layers", "fail")]
    assert [found["expectation"] for found in results["warnings"]] == ["extra"]
    assert Path(report["data_docs"]).is_file()


def test_gate_asks_for_a_build(settings: Settings) -> None:
    with pytest.raises(GateError, match=r"dbt_project\.build --as-of 2026-03-20"):
        gate_publication(settings, AS_OF)


def test_gate_refuses_a_build_that_was_cut_short(settings: Settings) -> None:
    path = small_warehouse.build(settings)
    path.with_name("warehouse.duckdb.wal").write_bytes(b"x")
    with pytest.raises(GateError, match="cut short"):
        gate_publication(settings, AS_OF)
