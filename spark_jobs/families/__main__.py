"""Compute model families as of a day and write their tables to the lake.

python -m spark_jobs.families merchant_churn lifetime_value --as-of 2026-03-20

Families of one session run concurrently, in one JVM. One that fails stops none of the others; it can be run again alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
import traceback
from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any, Protocol, cast

from pyspark.sql import SparkSession

from contract.settings import SettingError, Settings, parse_as_of
from spark_jobs.engine.session import MissingJars, run_concurrently, spark_session
from spark_jobs.families import FAMILIES, SESSIONS
from spark_jobs.families.day import LakeDay, Result
from spark_jobs.families.model_card import write_model_card
from spark_jobs.lake import tables as lake


class Job(Protocol):
    """The module `job` of a family: the lake tables that it writes, and what computes them and replaces the rows of the day."""

    TABLES: Collection[str]
    run: Callable[[LakeDay], Result]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [family.name for family in FAMILIES]
    parser.add_argument("family", nargs="+", choices=names, metavar="FAMILY", help=f"of one session: {_sessions()}")
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    given = parser.parse_args()
    if not any({*given.family} <= {*together} for together in SESSIONS.values()):
        parser.error(f"{', '.join(given.family)} do not share a session: start one command for each of {_sessions()}")
    jobs = {name: job(name) for name in given.family}
    try:
        as_of = parse_as_of(given.as_of)
        settings = Settings.from_environment()
        lake.refuse_before_first_event(settings, as_of)
        spark = spark_session(" ".join(given.family), settings, rows=lake.event_rows(settings))
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    report, failed = run(spark, settings, as_of, jobs)
    print(json.dumps(report), flush=True)
    if failed:
        reasons = "; ".join(f"{name} failed: {reason}" for name, reason in failed.items())
        print(f"{reasons}. Fix the cause and run {', '.join(failed)} again for {as_of}.", file=sys.stderr)
        return 1
    return 0


def job(name: str) -> Job:
    """The job of a family."""
    return cast(Job, import_module(f"spark_jobs.{name}.job"))


def run(spark: SparkSession, settings: Settings, as_of: date, jobs: Mapping[str, Job]) -> tuple[dict[str, Any], dict[str, str]]:
    """Run the jobs of some families, and write their sections of the model card.

    Returns:
        The report of those that finished: rows read and written by all and by each of them, rows of each table. Then by
        name why the others failed; their tracebacks have gone to stderr.
    """
    with LakeDay(spark, settings, as_of) as day:
        outcomes = run_concurrently(*(partial(_attempt, one, day) for one in jobs.values()))
    results = {name: result for name, result in zip(jobs, outcomes, strict=True) if isinstance(result, Result)}
    failed = {name: _reason(error) for name, error in zip(jobs, outcomes, strict=True) if isinstance(error, Exception)}
    families = {name: _report(settings, as_of, jobs[name], result) for name, result in results.items()}
    report: dict[str, Any] = {
        "step": "families",
        "as_of": as_of.isoformat(),
        "rows_in": sum(one["rows_in"] for one in families.values()),
        "rows_out": sum(one["rows_out"] for one in families.values()),
        "families": families,
    }
    sections = {name: result.card for name, result in results.items() if result.card is not None}
    if sections:
        report["model_card"] = str(write_model_card(settings, as_of, sections))
    return report, failed


def _attempt(job: Job, day: LakeDay) -> Result | Exception:
    try:
        return job.run(day)
    except Exception as error:
        # Indented: the last error of the command, which an alert quotes, is the sentence at its end.
        print(textwrap.indent("".join(traceback.format_exception(error)), "  "), file=sys.stderr)
        return error


def _reason(error: Exception) -> str:
    """What happened, in a line; of an error in a Python worker the worker's own words."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith("Traceback"))
    return next(line for line in lines[start + 1 :] if line.strip() and not line[0].isspace()).strip().rstrip(".")


def _report(settings: Settings, as_of: date, job: Job, result: Result) -> dict[str, Any]:
    rows = {table: lake.row_counts(settings, table, "as_of").get(as_of.isoformat(), 0) for table in job.TABLES}
    return {"rows_in": result.rows_in, "rows_out": sum(rows.values()), "tables": rows, **result.notes}


def _sessions() -> str:
    return "; ".join(", ".join(names) for names in SESSIONS.values())


if __name__ == "__main__":
    sys.exit(main())
