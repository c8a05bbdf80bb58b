"""Every expectation of the ingest gate passes on a small event table and refuses one bad input: its twin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from contract.events import SOURCES, Kind, source_fields
from contract.settings import Settings
from expectations.gate import GateError, gate_ingest, inspect, main
from expectations.suites import Severity, deliveries, events
from spark_jobs.lake.event_tables import event_schema

# Five deliveries of ten lines or so; f-5 holds one line of each fate, and line 3 of f-5 repeats line 1 of f-1.
# The amounts are 1 to 10 yuan.
OTHER_AMOUNTS = [field.name for field in source_fields("shop").values() if field.kind is Kind.MONEY and field.name != "amount"]
EVENTS = f"""
create table events as
with lines as (
    select day, line from range(1, 6) as days(day), range(1, 11) as numbers(line)
    where day < 5 or line < 6
)
select
    date '2026-03-01' + day::int as dt, 'shop/dt=' || (date '2026-03-01' + day::int) || '/f-' || day as file, line,
    case when day < 5 or line = 1 then 'accepted' when line = 2 then 'quarantined' when line = 3 then 'duplicate'
        when line = 4 then 'withdrawn' else 'erased' end as fate,
    case when day = 5 and line = 2 then 'bad_enum' when day = 5 and line = 4 then 'a test feed' end as reason,
    case when day < 5 or line = 1 then encode(day || '-' || line) when line = 3 then encode('1-1') when line = 4
        then encode('5-4') end as event_key,
    case when day < 5 or line < 5 then 'e-' || line end as event_id,
    case when day < 5 or line < 5 then 'shop/m-1' end as event_source,
    case when day < 5 or line < 5 then 'shop.order_paid.v1' end as event_type,
    case when day < 5 or line = 1 then date '2026-03-01' + day::int end as event_date,
    case when day < 5 or line < 5 then ['u-1'] end as persons,
    case when day = 5 and line in (2, 4) then encode('{{}}') end as raw,
    case when day = 5 and line = 4 then 'event' end as withdrawn_by,
    case when day < 5 or line = 1 then line::decimal(18, 2) end as amount,
    {"".join(f"null::decimal(18, 2) as {name}, " for name in OTHER_AMOUNTS)}
    null::varchar as extra, null::bigint as rows_read, null::varchar as reread_by
from lines
union all by name
select date '2026-03-01' + day::int as dt, 'shop/dt=' || (date '2026-03-01' + day::int) || '/f-' || day as file, 0 as line,
    'read' as fate, if(day = 5, 5, 10) as rows_read
from range(1, 6) as days(day)
union all by name
select date '2026-03-06' as dt, 'shop/dt=2026-03-06/cut' as file, 0 as line, 'unreadable' as fate;
"""

SUITES = (*events.SUITES, deliveries.suite(expected=True, scheduled=True))
CASES = [(suite, expectation) for suite in SUITES for expectation in suite.expectations]
TWINS = {(suite.table, expectation.name): expectation.breaks for suite, expectation in CASES}


@pytest.fixture
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(EVENTS)
        yield con


def _broken(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str | None]:
    con.execute("set variable run_id = 'this run'")
    con.execute(events.prepare("shop"))
    con.execute("set variable source = 'shop'")
    con.execute("set variable as_of = date '2026-03-06'")
    con.execute(deliveries.PREPARE)
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    findings = inspect(con, SUITES, tables)
    return {(found.table, found.expectation): found.example for found in findings if found.broken_rows != 0}


def test_gate_passes_the_small_table(table: duckdb.DuckDBPyConnection) -> None:
    nothing = ", ".join(f"{column} = null" for column in ("reason", "event_id", "event_source", "event_type", "persons", "raw"))
    table.execute(f"update events set fate = 'erased', {nothing} where fate = 'quarantined'")
    table.execute("update events set event_date = date '2025-03-03' where file like '%f-2' and line = 7")  # a year, no more
    table.execute("update events set amount = 10000 where file like '%f-2' and line = 7")  # a thousand times, no more
    table.execute("update events set reread_by = 'an earlier run' where file like '%f-3' and line = 0")
    assert table.execute("select count(*) from events where line > 0").fetchall() == [(45,)]
    assert _broken(table) == {}


def test_every_expectation_has_a_counterexample() -> None:
    assert len(TWINS) > 20
    assert [key for key, breaks in TWINS.items() if not breaks] == []


@pytest.mark.parametrize(("suite", "name"), [pytest.param(s.table, e.name, id=f"{s.table}-{e.name}") for s, e in CASES])
def test_gate_ingest_rejects(table: duckdb.DuckDBPyConnection, suite: str, name: str) -> None:
    table.execute(TWINS[suite, name])
    assert _broken(table)[suite, name] is not None


def test_gate_rejects_a_file_without_its_count(table: duckdb.DuckDBPyConnection) -> None:
    table.execute("delete from events where file like '%f-2' and line = 0")
    assert "f-2" in str(_broken(table)["files", "ledger"])


def test_gate_rejects_a_copy_of_nothing(table: duckdb.DuckDBPyConnection) -> None:
    table.execute("update events set event_key = encode('9-9') where fate = 'duplicate'")
    assert '"accepted":0' in str(_broken(table)["copies", "one copy is accepted"])


def test_gate_names_file_and_line_of_what_is_old_or_excessive(table: duckdb.DuckDBPyConnection) -> None:
    for twin in (("old", "events are young"), ("excessive", "amounts are usual")):
        table.execute(TWINS[twin])
    broken = _broken(table)
    for twin in (("old", "events are young"), ("excessive", "amounts are usual")):
        example = json.loads(str(broken[twin]))
        assert (example["file"], example["line"]) == ("shop/dt=2026-03-03/f-2", 7)


def test_every_copy_of_an_event_may_be_withdrawn(table: duckdb.DuckDBPyConnection) -> None:
    table.execute("update events set event_key = encode('5-4'), fate = 'withdrawn' where fate = 'duplicate'")
    assert ("copies", "one copy is accepted") not in _broken(table)


def test_gate_rejects_a_duplicate_of_what_is_withdrawn(table: duckdb.DuckDBPyConnection) -> None:
    table.execute("update events set event_key = encode('5-4') where fate = 'duplicate'")
    assert ("copies", "one copy is accepted") in _broken(table)


def test_a_few_days_have_no_usual_volume(table: duckdb.DuckDBPyConnection) -> None:
    table.execute("delete from events where dt in ('2026-03-02', '2026-03-03') or file like '%f-5' and line in (2, 3, 4, 5)")
    assert ("days", "volume") not in _broken(table)


def _write_lake(settings: Settings, *changes: str) -> None:
    with duckdb.connect() as con:
        con.execute(EVENTS)
        for change in changes:
            con.execute(change)
        write_deltalake(f"{settings.lake}/shop_events", con.execute("from events").to_arrow_table())


def test_gate_reads_the_lake_and_records_warnings(settings: Settings) -> None:
    _write_lake(settings)
    report = gate_ingest(settings, "shop")
    assert report["passed"] is True
    assert [report[name] for name in ("rows_in", "rows_out", "failures", "warnings")] == [45, 41, 0, 1]
    results = json.loads((settings.home / "work" / "gates" / "ingest_shop.json").read_text())
    assert [found["expectation"] for found in results["warnings"]] == ["quarantine"]
    assert results["day"] == "2026-03-06"
    assert Path(report["data_docs"]).is_file()


def test_a_lost_line_stops_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write_lake(settings, TWINS["files", "ledger"])
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setattr("sys.argv", ["gate", "ingest", "--source", "shop"])
    assert main() == 1
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["passed"] is False
    assert "fail files, 'ledger': 1 rows break it" in err
    assert "f-3" in err


@pytest.mark.parametrize("source", SOURCES)
def test_gate_reads_what_an_ingest_of_each_source_writes(spark: SparkSession, settings: Settings, source: str) -> None:
    """The event table as the lake declares it, with one file of no lines."""
    marker = {"fate": "read", "dt": date(2026, 3, 1), "file": f"{source}/dt=2026-03-01/a.jsonl", "line": 0, "rows_read": 0}
    rows = pa.Table.from_pylist([marker], schema=to_arrow_schema(event_schema(source)))
    write_deltalake(f"{settings.lake}/{source}_events", rows)
    report = gate_ingest(settings, source)
    assert report["passed"] is True
    assert report["expectations"] == len(CASES)


NO_DELIVERY = "delete from events where dt = '2026-03-06'"
ONLY_CUT = "delete from events where file like '%f-5'"
ONLY_EMPTY = "update events set rows_read = 0 where file like '%f-5'; delete from events where file like '%f-5' and line > 0"


@pytest.mark.parametrize(
    ("change", "name", "by_hand"),
    [
        pytest.param(NO_DELIVERY, "came", "warnings", id="nothing"),
        pytest.param(ONLY_EMPTY, "has lines", "warnings", id="empty_files"),
        pytest.param(ONLY_CUT, "can be read", "failures", id="unreadable_files"),
    ],
)
def test_a_day_without_its_delivery_is_refused_under_the_schedule(
    settings: Settings, change: str, name: str, by_hand: str
) -> None:
    _write_lake(settings, change)
    for scheduled, where in ((True, "failures"), (False, by_hand)):
        report = gate_ingest(settings, "shop", date(2026, 3, 6), scheduled=scheduled)
        assert report["passed"] is (where == "warnings")
        results = json.loads((settings.home / "work" / "gates" / "ingest_shop.json").read_text())
        found = [found for found in results[where] if found["table"] == "deliveries"]
        assert [each["expectation"] for each in found] == [name]
        assert "shop/dt=2026-03-06" in found[0]["example"]
        assert results["day"] == "2026-03-06"


CALLS = """insert into events by name
    select date '{0}' as dt, 'shop/dt={0}/{1}' as file, line, if(line = 0, 'read', 'accepted') as fate,
        if(line = 0, 1, null) as rows_read, if(line = 1, encode('call'), null) as event_key
    from range(2) as numbers(line)"""


def test_calls_of_returned_sheets_are_no_delivery(settings: Settings) -> None:
    _write_lake(settings, NO_DELIVERY, CALLS.format("2026-03-06", "success_calls_0a.jsonl"))
    assert gate_ingest(settings, "shop", date(2026, 3, 6), scheduled=True)["passed"] is False
    results = json.loads((settings.home / "work" / "gates" / "ingest_shop.json").read_text())
    assert [found["expectation"] for found in results["failures"] if found["table"] == "deliveries"] == ["came"]


@pytest.mark.parametrize(("name", "is_small"), [("success_calls_0a.jsonl", False), ("part-1.jsonl", True)])
def test_calls_of_returned_sheets_have_no_usual_volume(table: duckdb.DuckDBPyConnection, name: str, is_small: bool) -> None:
    table.execute(CALLS.format("2026-03-07", name))
    assert (("days", "volume") in _broken(table)) is is_small


def test_a_source_that_need_not_deliver_may_leave_a_day_out(settings: Settings) -> None:
    _write_lake(settings, NO_DELIVERY)
    others = replace(settings, expected_sources=frozenset({"group", "stream"}))
    assert gate_ingest(others, "shop", date(2026, 3, 6), scheduled=True)["passed"] is True
    results = json.loads((settings.home / "work" / "gates" / "ingest_shop.json").read_text())
    assert [found["expectation"] for found in results["warnings"]] == []


def test_a_source_that_need_not_deliver_must_be_readable_where_it_does(settings: Settings) -> None:
    _write_lake(settings, ONLY_CUT)
    others = replace(settings, expected_sources=frozenset())
    assert gate_ingest(others, "shop", date(2026, 3, 6), scheduled=True)["passed"] is False


def test_a_lake_that_nothing_ever_came_to_waits_for_its_first_delivery(settings: Settings) -> None:
    _write_lake(settings, "delete from events")
    report = gate_ingest(settings, "shop", date(2026, 3, 6), scheduled=True)
    assert report["only_delivery_is_missing"] is True
    assert gate_ingest(settings, "shop")["passed"] is True, "without a day nothing is expected"


@pytest.mark.parametrize(
    ("changes", "arguments", "status", "words"),
    [
        pytest.param([NO_DELIVERY], ["--scheduled"], 3, "the day goes on by itself once it is there", id="missing"),
        pytest.param([ONLY_CUT], ["--scheduled"], 3, "the day goes on by itself once it is there", id="all_cut"),
        pytest.param([ONLY_CUT], [], 1, "'can be read': 1 rows break it", id="all_cut_by_hand"),
        pytest.param([NO_DELIVERY], [], 0, "warn deliveries, 'came'", id="missing_by_hand"),
        pytest.param(
            [NO_DELIVERY, TWINS["files", "ledger"]], ["--scheduled"], 1, "fail files, 'ledger'", id="something_else_too"
        ),
        pytest.param([], ["--scheduled"], 0, "warn days, 'quarantine'", id="delivered"),
    ],
)
def test_the_command_says_with_its_status_that_it_waits(
    settings: Settings,
    changes: list[str],
    arguments: list[str],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _write_lake(settings, *changes)
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setattr("sys.argv", ["gate", "ingest", "--source", "shop", "--as-of", "2026-03-06", *arguments])
    assert main() == status
    last = capsys.readouterr().err.splitlines()[-1]
    assert words in last
    if status == deliveries.NOT_DELIVERED:
        assert "shop/dt=2026-03-06" in last


def test_what_is_expected_needs_a_day(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["gate", "ingest", "--source", "shop", "--scheduled"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "--scheduled needs --as-of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"shop", "group", "stream"}),
        ({"FANOUT_EXPECTED_SOURCES": "none"}, set()),
        ({"FANOUT_EXPECTED_SOURCES": "shop,group"}, {"shop", "group"}),
    ],
)
def test_every_source_is_expected_unless_it_is_said(given: dict[str, str], expected: set[str]) -> None:
    assert Settings.from_environment(given).expected_sources == expected


def test_what_is_missing_is_a_warning_by_hand_and_a_failure_under_the_schedule() -> None:
    by_hand, scheduled = (deliveries.suite(expected=True, scheduled=scheduled).expectations for scheduled in (False, True))
    assert [found.severity for found in by_hand] == [Severity.FAIL, Severity.WARN, Severity.WARN]
    assert [found.severity for found in scheduled] == [Severity.FAIL] * 3


def test_gate_asks_for_an_ingest(settings: Settings) -> None:
    with pytest.raises(GateError, match=r"spark_jobs\.ingest --source group"):
        gate_ingest(settings, "group")
