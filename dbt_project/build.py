"""Builds the marts of one day: one process of `dbt build`, into a fresh DuckDB file.

python -m dbt_project.build --as-of 2026-03-20
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from deltalake import DeltaTable

from contract import tips
from contract.business_days import day_end
from contract.events import SOURCES, source_fields, warehouse_type
from contract.lake_lock import at_work
from contract.machine import memory_mb
from contract.object_store import StoreGone, delta_options, named
from contract.settings import SettingError, Settings, parse_as_of
from contract.success import RULES
from contract.tips import TipRulesError
from lineage import names
from lineage.emitter import Arguments, Job, Part, emitting
from lineage.manifest import read_manifest

PROJECT = Path(__file__).resolve().parent
FAILURES = ("error", "fail", "runtime error")
OUT_OF_MEMORY = "Out of Memory Error"  # how DuckDB's message begins


class BuildFailed(RuntimeError):
    """A model or test of the build failed; the message names each with its error, and the log."""


def variables(settings: Settings, as_of: date) -> dict[str, str]:
    """The dbt variables: what the project needs to know about the deployment and the day."""
    return {
        "as_of": as_of.isoformat(),
        "end_of_as_of": f"{day_end(as_of, ZoneInfo(settings.timezone)):%Y-%m-%d %H:%M:%S}",
        "timezone": settings.timezone,
        "currency": settings.currency,
        "lake": settings.lake,
        "warehouse": str(settings.warehouse(as_of)),
        "receipts": str(settings.exports / "receipts"),
        "memory": f"{memory_mb() // 2}MB",
        "holdout_share": settings.holdout_share,
        "holdout_key": settings.holdout_key,
        **{name: str(number) for name, number in RULES.items()},
        **tips.read().variables(),
    }


def late_fields(settings: Settings) -> dict[str, dict[str, str]]:
    """Fields that were declared after the last ingest: event table → column that it has not yet → its type in DuckDB."""
    found = {}
    for source in SOURCES:
        path = f"{settings.lake}/{source}_events"
        options = delta_options(path)
        if DeltaTable.is_deltatable(path, options):
            there = {field.name for field in DeltaTable(path, storage_options=options).schema().fields}
            late = [field for name, field in source_fields(source).items() if name not in there]
            if late:
                found[f"{source}_events"] = {field.name: warehouse_type(field.kind) for field in late}
    return found


def run_dbt(settings: Settings, as_of: date, *command: str) -> dbtRunnerResult:
    """Run one dbt command of the project in this process; it writes only below the day's work folder."""
    work = settings.work(as_of) / "dbt"
    work.mkdir(parents=True, exist_ok=True)
    options = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target-path": work,
        "--log-path": work,
        "--vars": json.dumps({**variables(settings, as_of), "late_fields": late_fields(settings)}),
        # Otherwise a test of a model that no longer exists would be skipped with a warning.
        "--warn-error-options": json.dumps({"error": ["NodeNotFoundOrDisabled"]}),
    }
    arguments = [str(part) for option in options.items() for part in option]
    try:
        return dbtRunner().invoke([*command, *arguments, "--no-use-colors", "--no-version-check"])
    finally:
        # Closing the database writes its WAL into the file.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def build(settings: Settings, as_of: date) -> dict[str, Any]:
    """Build and test all models of a day; returns the report.

    Two models at once can need more memory than there is, though either would fit: if any ran out of it, what failed and what
    depends on it is built again one by one.

    Raises:
        BuildFailed: a model or test failed. The warehouse file then lacks everything that depends on it.
    """
    warehouse = settings.warehouse(as_of)
    for leftover in (warehouse, Path(f"{warehouse}.wal")):
        leftover.unlink(missing_ok=True)
    shutil.rmtree(f"{warehouse}.tmp", ignore_errors=True)
    outcome = run_dbt(settings, as_of, "build", "--exclude-resource-type", "unit_test")  # they test the code, not the day
    results = _results(outcome)
    if any(result.status in FAILURES and OUT_OF_MEMORY in (result.message or "") for result in results.values()):
        outcome = run_dbt(settings, as_of, "retry", "--threads", "1")
        results |= _results(outcome)
    faults = [result for result in results.values() if result.status in FAILURES]
    if not outcome.success or not results:
        lines = [f"{result.node.name}: {(result.message or result.status).strip()}" for result in faults]
        if outcome.exception or not lines:
            lines.append(str(outcome.exception))
        raise BuildFailed("\n".join(lines) + f"\nlog: {settings.work(as_of) / 'dbt' / 'dbt.log'}")
    kinds = Counter(str(result.node.resource_type) for result in results.values())
    return {
        "step": "build_marts",
        "as_of": as_of.isoformat(),
        **_row_counts(warehouse),
        "models": kinds["model"],
        "tests": kinds["test"],
        "warnings": [f"{result.node.name}: {result.message}" for result in results.values() if result.status == "warn"],
    }


def _results(outcome: dbtRunnerResult) -> dict[str, Any]:
    """What became of each model and test, by its id."""
    return {result.node.unique_id: result for result in getattr(outcome.result, "results", None) or []}


def _row_counts(warehouse: Path) -> dict[str, int]:
    """Lines read into the lake, and rows of all marts."""
    names = "select table_name from duckdb_tables() where schema_name = 'marts'"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        marts = [name for (name,) in connection.execute(names).fetchall()]
        return {
            "rows_in": _count(connection, "select sum(rows_read) from marts.ingest_ledger"),
            "rows_out": sum(_count(connection, f"select count(*) from marts.{name}") for name in marts),
        }


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    (value,) = connection.execute(query).fetchone() or (0,)
    return int(value or 0)


def _models(settings: Settings, arguments: Arguments) -> list[Part]:
    """The models of the build that has just ended, with what each read."""
    built = read_manifest(settings.work(parse_as_of(arguments["--as-of"] or "")) / "dbt" / "manifest.json")
    return [Part(model.step, model.reads, model.name, model.columns) for model in built.models.values()]


JOB = Job("dbt_project.build", lambda _: (*names.lake_tables(), names.RECEIPTS), parts=_models)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(parser.parse_args().as_of)
        with named(settings), at_work(settings):
            report = build(settings, as_of)
    except (SettingError, TipRulesError) as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    except BuildFailed as error:
        print(f"dbt build failed:\n{error}", file=sys.stderr)
        return 1
    print(json.dumps(report, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, JOB))
