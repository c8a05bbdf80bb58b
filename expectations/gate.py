"""The gates: they find what is wrong with an ingest or a warehouse before anybody reads it.

    python -m expectations.gate ingest --source shop [--as-of 2026-03-20 [--scheduled]]
    python -m expectations.gate publication --as-of 2026-03-20

The suites in `expectations.suites` say what must hold. An expectation that fails ends the command with status 1 and a
message that names expectation, table, rows and an example; a warning is recorded. With `--scheduled` the day's delivery has to
be there if FANOUT_EXPECTED_SOURCES names the source; the status is 3 if nothing else is wrong. The results are written as
JSON to FANOUT_HOME/work (`gates/ingest_<source>.json`, `<as_of>/gates/publication.json`), Data Docs in FANOUT_HOME/data_docs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from contract.events import SOURCES
from contract.lake_lock import at_work
from contract.machine import MissingExtension, load_extension
from contract.object_store import StoreGone, duckdb_statements, named
from contract.settings import SettingError, Settings, parse_as_of
from contract.spill import spill_folder
from contract.sql import literal
from expectations.data_docs import readable_offline
from expectations.findings import Finding
from expectations.suites import Expectation, Severity, Suite, deliveries, events
from expectations.suites.marts import SUITES
from lineage.emitter import emitting
from lineage.jobs import GATE

_NOT_EVALUATED = -1
_NO_DAY = date(1970, 1, 1)  # of a lake that holds no file
_GX_SEVERITY = {Severity.FAIL: "CRITICAL", Severity.WARN: "WARNING"}


class GateError(RuntimeError):
    """The gate has nothing to judge; the message says what to do first."""


def inspect(con: duckdb.DuckDBPyConnection, suites: Iterable[Suite], tables: set[str]) -> list[Finding]:
    """Count the rows that break each expectation.

    Args:
        con: a connection in which the suites' tables can be read.
        suites: the expectations, by table.
        tables: names of the tables that exist.
    """
    findings = []
    for suite in suites:
        if suite.table not in tables:
            findings.append(Finding(suite.table, "is there", Severity.FAIL, "the table is there", 1, None))
            continue
        for expectation in suite.expectations:
            if tables.issuperset(expectation.needs):
                findings.append(_evaluate(con, suite, expectation))
    return findings


def _evaluate(con: duckdb.DuckDBPyConnection, suite: Suite, expectation: Expectation) -> Finding:
    query = f"""
        with broken as ({expectation.broken})
        select count(*), min(to_json(broken)::varchar) from broken
    """
    try:
        [(rows, example)] = con.execute(query).fetchall()
    except duckdb.Error as error:  # a missing column breaks what is expected of it
        rows, example = _NOT_EVALUATED, str(error).splitlines()[0]
    return Finding(suite.table, expectation.name, expectation.severity, expectation.meaning, rows, example)


def judge(gate: str, findings: list[Finding], docs: Path, day: date) -> list[Finding]:
    """Let Great Expectations judge the counts and write its Data Docs; returns the findings that failed.

    Args:
        gate: names the run.
        docs: the folder of this gate's Data Docs, replaced as a whole.
        day: the run's time in Great Expectations, instead of the clock's.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    import great_expectations as gx  # takes seconds, so only when there is something to judge
    import pandas as pd
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.expectations.core.expect_column_sum_to_be_between import ExpectColumnSumToBeBetween
    from great_expectations.expectations.metadata_types import FailureSeverity

    building = docs.with_name(f".{docs.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(building)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(), data_docs_sites={"data_docs": site}, analytics_enabled=False
    )
    context = gx.get_context(project_config=config, mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("broken_rows")
    run = RunIdentifier(run_name=gate, run_time=datetime(day.year, day.month, day.day, tzinfo=UTC))
    rejected = []
    for table in dict.fromkeys(finding.table for finding in findings):
        mine = {finding.expectation: finding for finding in findings if finding.table == table}
        suite = gx.ExpectationSuite(name=table)
        for finding in mine.values():
            suite.add_expectation(
                ExpectColumnSumToBeBetween(
                    column=finding.expectation,
                    min_value=0,
                    max_value=0,
                    severity=FailureSeverity[_GX_SEVERITY[finding.severity]],
                    notes=finding.meaning if finding.example is None else f"{finding.meaning}; first: {finding.example}",
                )
            )
        batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("counts")
        validation = context.validation_definitions.add(
            gx.ValidationDefinition(name=table, data=batch, suite=context.suites.add(suite))
        )
        counts = pd.DataFrame({name: [finding.broken_rows] for name, finding in mine.items()})
        result = validation.run(batch_parameters={"dataframe": counts}, run_id=run)
        if len(result.results) != len(mine):
            raise GateError(f"{gate}: Great Expectations judged {len(result.results)} of {len(mine)} expectations of {table}")
        failed = [judged.expectation_config for judged in result.results if not judged.success]
        rejected += [mine[config.kwargs["column"]] for config in failed if config is not None]
    context.build_data_docs()
    readable_offline(building, gate, findings, rejected)
    shutil.rmtree(docs, ignore_errors=True)
    building.rename(docs)
    return rejected


def gate_ingest(settings: Settings, source: str, as_of: date | None = None, *, scheduled: bool = False) -> dict[str, Any]:
    """Judge the event table of a source; volume is judged for the newest `dt` in it.

    Args:
        as_of: the day whose delivery is judged; the newest `dt` by default.
        scheduled: whether the schedule started the run; then an expected delivery must be there.

    Raises:
        GateError: the table cannot be read.
    """
    table = f"{settings.lake}/{source}_events"
    with _connect(settings) as con:
        for statement in (load_extension("delta"), *duckdb_statements(settings.lake)):
            con.execute(statement)
        try:
            con.execute(f"create view events as select * from delta_scan({literal(table)})")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise GateError(f"{table} cannot be read ({reason}); run: python -m spark_jobs.ingest --source {source}") from error
        con.execute("set variable run_id = ?", [settings.run_id])
        con.execute(events.prepare(source))
        totals = con.execute("select coalesce(sum(lines), 0)::bigint, coalesce(sum(accepted), 0)::bigint, max(dt) from files")
        [(lines, accepted, newest)] = totals.fetchall()
        suites: tuple[Suite, ...] = events.SUITES
        if day := as_of or newest:
            con.execute("set variable source = ?", [source])
            con.execute("set variable as_of = ?::date", [day])
            con.execute(deliveries.PREPARE)
            suites += (deliveries.suite(expected=source in settings.expected_sources, scheduled=scheduled),)
        findings = inspect(con, suites, {*events.TABLES, deliveries.TABLE})
    name = f"ingest_{source}"
    results = settings.home / "work" / "gates" / f"{name}.json"
    return _conclude(settings, name, day or _NO_DAY, findings, results, rows_in=lines, rows_out=accepted)


def gate_publication(settings: Settings, as_of: date) -> dict[str, Any]:
    """Judge the warehouse of a day; the results name the judged file by its SHA-256.

    Raises:
        GateError: there is no warehouse, or its build was cut short.
    """
    path = settings.warehouse(as_of)
    build = f"python -m dbt_project.build --as-of {as_of}"
    if not path.is_file():
        raise GateError(f"there is no warehouse {path}; run: {build}")
    if path.with_name(f"{path.name}.wal").exists():
        raise GateError(f"{path} was not closed, its build was cut short; run again: {build}")
    digest = file_sha256(path)
    with _connect(settings) as con:
        con.execute(f"attach {literal(path)} as warehouse (read_only)")
        con.execute("use warehouse")
        con.execute("set variable as_of = ?::date", [as_of])
        present = con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'marts'"
        ).fetchall()
        tables = {name for (name,) in present}
        rows = sum(con.execute(f'select count(*) from marts."{name}"').fetchall()[0][0] for name in tables)
        findings = inspect(con, SUITES, tables)
    known = {suite.table for suite in SUITES}
    for name in sorted(tables):
        meaning = "every mart is declared in contract/tables"
        findings.append(Finding("marts", name, Severity.WARN, meaning, int(name not in known), None))
    results = settings.work(as_of) / "gates" / "publication.json"
    return _conclude(settings, "publication", as_of, findings, results, rows_in=rows, rows_out=rows, warehouse_sha256=digest)


def _conclude(
    settings: Settings, gate: str, day: date, findings: list[Finding], results: Path, **figures: int | str
) -> dict[str, Any]:
    """Judge the findings, write the results, and return the report of the step."""
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)  # a gate that is killed has not passed
    docs = settings.home / "data_docs" / (gate if gate.startswith("ingest") else f"{gate}_{day}")
    docs.parent.mkdir(parents=True, exist_ok=True)
    rejected = judge(f"{gate} {day}", findings, docs, day)
    by_severity = {severity: [finding for finding in rejected if finding.severity is severity] for severity in Severity}
    passed = not by_severity[Severity.FAIL]
    report: dict[str, Any] = {"step": f"gate_{gate}", **figures, "passed": passed, "expectations": len(findings)}
    details = {
        **report,
        "day": day.isoformat(),
        "run_id": settings.run_id,
        "failures": [asdict(finding) for finding in by_severity[Severity.FAIL]],
        "warnings": [asdict(finding) for finding in by_severity[Severity.WARN]],
        "data_docs": str(docs / "index.html"),
    }
    _write(results, json.dumps(details, indent=1, ensure_ascii=False) + "\n")
    for finding in rejected:
        print(f"{finding.sentence}", file=sys.stderr)
    failures = by_severity[Severity.FAIL]
    report |= {"failures": len(failures), "warnings": len(by_severity[Severity.WARN])}
    if not passed:
        report["refused"] = [finding.sentence for finding in failures]
        report["only_delivery_is_missing"] = all(finding.table == deliveries.TABLE for finding in failures)
    return report | {"results": str(results), "data_docs": str(docs / "index.html")}


@contextmanager
def _connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that spills into FANOUT_HOME/work."""
    with (
        spill_folder(settings) as spill,
        duckdb.connect(config={"temp_directory": str(spill), "autoinstall_known_extensions": False}) as con,
    ):
        yield con


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    gates = parser.add_subparsers(dest="gate", required=True)
    ingest = gates.add_parser("ingest")
    ingest.add_argument("--source", required=True, choices=SOURCES)
    ingest.add_argument("--as-of", help="the day whose delivery is looked at; default the newest dt")
    ingest.add_argument("--scheduled", action="store_true", help="refuse the day where its delivery is expected and missing")
    gates.add_parser("publication").add_argument("--as-of", required=True)
    arguments = parser.parse_args()
    scheduled = arguments.gate == "ingest" and arguments.scheduled
    if scheduled and arguments.as_of is None:
        parser.error("--scheduled needs --as-of, the day whose delivery is expected")
    try:
        settings = Settings.from_environment()
        as_of = None if arguments.as_of is None else parse_as_of(arguments.as_of)
        if arguments.gate == "ingest":
            with named(settings), at_work(settings):
                report = gate_ingest(settings, arguments.source, as_of, scheduled=scheduled)
        else:
            assert as_of is not None
            report = gate_publication(settings, as_of)
    except (SettingError, MissingExtension, GateError) as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    if report["passed"]:
        return 0
    # An alert quotes the last line.
    waits = scheduled and report["only_delivery_is_missing"]
    then = "the day goes on by itself once it is there" if waits else f"see {report['data_docs']}"
    print(f"{report['step']}: {'; '.join(report['refused'])}; {then}", file=sys.stderr)
    return deliveries.NOT_DELIVERED if waits else 1


if __name__ == "__main__":
    sys.exit(emitting(main, GATE))
