"""Every expectation of the publication gate passes on the small warehouse and refuses one bad input: its twin."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from contract.settings import Settings
from expectations.findings import Finding
from expectations.gate import SUITES, GateError, gate_publication, inspect, judge, main
from expectations.suites import Expectation, Severity, Suite, unique
from tests import small_warehouse
from tests.small_warehouse import AS_OF

# mart, expectation: a statement after which it must not hold. The expectations that are the same for every mart (key, is
# there, in range, is known, has rows) break by the statements of `_common_twin`.
TWINS = {
    ("ingest_ledger", "balanced"): "update marts.ingest_ledger set rows_read = 11 where rows_read = 10",
    ("quarantine_reasons", "adds up to ledger"): "update marts.quarantine_reasons set rows = 5 where reason = 'not_json'",
    ("unreadable_files", "gave no rows"): "update marts.unreadable_files set file = 'shop/dt=2026-03-01/part-0.jsonl'",
    ("event_registry", "adds up to ledger"): "delete from marts.event_registry where event_type = 'shop.share_created.v1'",
    ("cascades", "tree"): "update marts.cascades set depth = 4 where shares = 4",
    ("cascades", "virality"): "update marts.cascades set structural_virality = null",
    ("cascade_layers", "adds up to cascades"): "update marts.cascade_layers set revenue = 19.99 where revenue = 20.00",
    ("cascade_nodes", "root"): "update marts.cascade_nodes set parent_share_id = 's-1' where merchant_id = 'm-2'",
    ("cascade_nodes", "below its parent"): "update marts.cascade_nodes set depth = 3 where share_id = 's-4'",
    ("cascade_nodes", "subtrees"): "update marts.cascade_nodes set subtree_shares = 3 where share_id = 's-2'",
    ("cascade_nodes", "adds up to cascades"): "update marts.cascades set sharers = 4 where shares = 4",
    ("spreaders", "day"): "update marts.spreaders set as_of = date '2026-03-19'",
    ("spreaders", "influence sums to 1"): "update marts.spreaders set influence = 0.4 where user_id = 'u-2'",
    ("spreaders", "ranks"): "update marts.spreaders set influence_rank = 2 where user_id = 'u-3'",
    ("circles", "adds up to spreaders"): "update marts.circles set members = 3 where circle_id = 'u-1'",
    ("circle_quality", "adds up to circles"): "delete from marts.circles where circle_id = 'u-3'",
    ("platform_spreaders", "influence sums to 1"): "delete from marts.platform_spreaders where user_id = 'u-9'",
    ("islands", "adds up to platform_spreaders"): "update marts.platform_spreaders set island_id = 'u-1'",
    ("spread_motifs", "pairs"): "update marts.spread_motifs set reciprocal_pairs = 2 where merchant_id = 'm-1'",
    ("spread_concentration", "adds up to spreaders"): "update marts.spread_concentration set total = 6 where metric = 'opens'",
    ("share_mix", "adds up to cascade_nodes"): "delete from marts.share_mix where channel = 'moments'",
    ("group_survival", "band"): "update marts.group_survival set survival_lo = 0.9 where survival = 0.75",
    ("group_survival", "only falls"): "update marts.group_survival set survival = 0.8 where survival = 0.5",
    ("group_lifetimes", "adds up to group_survival"): "update marts.group_lifetimes set deaths = 2 where value = 'product'",
    ("group_lifetimes", "strata add up"): "delete from marts.group_lifetimes where value = 'unknown'",
    ("group_lifetimes", "rmst"): "update marts.group_lifetimes set rmst_90 = 90.5 where value = 'product'",
    ("team_formation", "balanced"): "update marts.team_formation set failed = 0 where failed = 1",
    ("team_formation", "buyers"): "update marts.team_formation set new_buyer_members = 4",
    ("team_formation", "days"): "update marts.team_formation set opened_date = date '2026-03-21' where open_at_as_of = 1",
    ("team_formation_by_region", "adds up to team_formation"): "delete from marts.team_formation_by_region where opened = 1",
    ("team_formation_by_region", "rate"): "update marts.team_formation_by_region set formation_rate = 0.6 where closed = 2",
    ("cohort_retention", "retained"): "update marts.cohort_retention set retained_on = 1 where period = 0",
    ("cohort_retention", "cohort rows"): "delete from marts.cohort_retention where merchant_id = 'm-1' and period = 0",
    ("cohort_retention", "revenue accumulates"): "update marts.cohort_retention set revenue = 31 where period = 1",
    ("per_fan_revenue", "day"): "update marts.per_fan_revenue set as_of = null where merchant_id = 'm-1'",
    ("per_fan_revenue", "fans"): "update marts.per_fan_revenue set fans_end = 5 where merchant_id = 'm-1'",
    ("fan_revenue", "adds up to per_fan_revenue"): "update marts.fan_revenue set assisted_revenue_linear = 10.01",
    ("fan_revenue", "nobody is missing"): "delete from marts.fan_revenue where merchant_id = 'm-2'",
    ("growth_split", "adds up to cohort_retention"): "update marts.growth_split set revenue = 12.51 where merchant_id = 'm-2'",
    ("growth_split", "effects add up"): "update marts.growth_split set per_fan_effect = null",
    ("merchant_churn_flags", "day"): "update marts.merchant_churn_flags set as_of = date '2026-03-21'",
    ("merchant_churn_flags", "reasons"): "update marts.merchant_churn_flags set reason_1 = null",
    ("merchant_churn_flags", "at risk is flagged"): "update marts.merchant_churn_flags set is_churn_flagged = false",
    ("merchant_churn_flags", "at risk since"): "update marts.merchant_churn_flags set at_risk_since = null",
    ("merchant_churn_flags", "churned is not flagged"): "update marts.merchant_churn_flags set stage = 'churned'",
    ("merchant_churn_flags", "at stake"): "update marts.merchant_churn_flags set at_stake = expected_loss",
    ("fan_churn_flags", "flag"): "update marts.fan_churn_flags set is_churn_flagged = true where user_id = 'u-1'",
    ("orders", "net"): "update marts.orders set net = 29.99 where order_id = 'o-2'",
    ("orders", "money fits"): "update marts.merchants set is_money_complete = false where merchant_id = 'm-1'",
    ("cohort_value", "spend fits"): "update marts.cohort_value set spend = null",
    ("orders", "adds up to growth_split"): "delete from marts.orders where order_id = 'o-2'",
    (
        "daily_merchant",
        "adds up to growth_split",
    ): "update marts.daily_merchant set date = date '2026-01-31' where revenue = 50",
    ("supporting_fans", "fans"): "update marts.supporting_fans set supporting_fans = 4",
    ("team_design", "adds up to team_formation"): "delete from marts.team_design where size_required = 3",
    ("claim_checks", "day"): "update marts.claim_checks set as_of = date '2026-03-19'",
    ("merchant_stage_history", "order"): "update marts.merchant_stage_history set left_on = entered_on",
    ("merchant_stage_history", "one stage lasts"): "update marts.merchant_stage_history set left_on = date '2026-03-21'",
    ("live_sessions", "end"): "update marts.live_sessions set ended_at = timestamp '2026-03-01 11:59:59'",
    ("team_leaders", "balanced"): "update marts.team_leaders set failed = 0",
    ("team_leaders", "adds up to team_formation"): "delete from marts.team_leaders where user_id = 'u-6'",
    ("fan_contacts", "reason"): "update marts.fan_contacts set may_contact = false",
    ("merchant_overview", "calls"): "update marts.merchant_overview set is_churn_flagged = false where rank = 1",
    ("merchant_overview", "every merchant"): "delete from marts.merchant_overview where merchant_id = 'm-2'",
    ("fan_funnel", "steps"): "update marts.fan_funnel set buying_fans = window_fans + 1",
    ("merchant_team_designs", "adds up to team_formation"): "delete from marts.merchant_team_designs where opened = 2",
    ("merchant_team_regions", "balanced"): "update marts.merchant_team_regions set closed = 2 where closed = 3",
    ("merchant_team_regions", "adds up to team_formation"): "update marts.merchant_team_regions set region = 'CN-SH'",
}
CASES = [(suite, expectation) for suite in SUITES for expectation in suite.expectations]


def _common_twin(suite: Suite, expectation: Expectation) -> str:
    table, name = f"marts.{suite.table}", expectation.name
    column, _, what = name.partition(" ")
    if name == "has rows":
        return f"delete from {table}"
    if name == "key":
        return f"insert into {table} select * from {table} limit 1"
    return f"update {table} set {column} = " + {"is there": "null", "in range": "-1", "is known": "'surprise'"}[what]


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


def test_every_expectation_has_a_twin() -> None:
    assert len(CASES) > 300
    common = ("key", "has rows", "is there", "in range", "is known")
    own = {(suite.table, expectation.name) for suite, expectation in CASES if not expectation.name.endswith(common)}
    assert own == TWINS.keys()


@pytest.mark.parametrize(("suite", "expectation"), [pytest.param(s, e, id=f"{s.table}-{e.name}") for s, e in CASES])
def test_gate_publication_rejects(change: duckdb.DuckDBPyConnection, suite: Suite, expectation: Expectation) -> None:
    change.execute(TWINS.get((suite.table, expectation.name)) or _common_twin(suite, expectation))
    found = _broken(change, suite)[suite.table, expectation.name]
    assert found.broken_rows > 0
    assert found.example is not None


def test_gate_rejects_a_figure_that_is_no_number(change: duckdb.DuckDBPyConnection) -> None:
    change.execute("update marts.ltv_model set alpha = 'nan'::double; update marts.lifetime_value set p_alive = 'nan'::double")
    broken = _broken(change, *SUITES)
    assert ("ltv_model", "alpha in range") in broken
    assert ("lifetime_value", "p_alive in range") in broken


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
    assert all(html.escape(finding.sentence) in index for finding in rejected)
    [link] = re.findall(r'href="([^"]*)"', index)
    assert (tmp_path / "docs" / unquote(link)).is_file()
    pages = [page.read_text() for page in (tmp_path / "docs").rglob("*.html")]
    assert len(pages) > 2
    assert not [page for page in pages if re.search(r"""(src|<link[^>]*href)="?https?://|url\('?https?:""", page)]


def test_a_suite_refuses_the_same_expectation_twice() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Suite("cascades", (unique("marts.cascades", "merchant_id"), unique("marts.cascades", "merchant_id")))


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
