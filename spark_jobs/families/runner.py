"""Runs families concurrently in one session, each for itself: one that fails stops none of the others."""

from __future__ import annotations

import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any, Protocol, cast

from pyspark.sql import SparkSession

from contract.settings import Settings
from contract.tables import family_tables
from spark_jobs.engine.session import run_concurrently
from spark_jobs.families.day import LakeDay, Result
from spark_jobs.families.model_card import write_model_card
from spark_jobs.lake import catalog


class Job(Protocol):
    """The module `job` of a family: what computes its tables and replaces the rows of the day."""

    run: Callable[[LakeDay], Result]


def job(family: str) -> Job:
    return cast(Job, import_module(f"spark_jobs.{family}.job"))


def run_families(
    spark: SparkSession, settings: Settings, as_of: date, families: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Compute families and replace their rows of the day, and their sections of its model card.

    Returns:
        The report: rows that all of them read and wrote, the same for each that finished, and rows of each of its tables.
        Then why the others failed, by family; their tracebacks have gone to stderr.
    """
    jobs = {family: job(family) for family in families}
    with LakeDay(spark, settings, as_of) as day:
        outcomes = dict(zip(jobs, run_concurrently(*(partial(_attempt, one, day) for one in jobs.values())), strict=True))
    results = {family: outcome for family, outcome in outcomes.items() if isinstance(outcome, Result)}
    reports = {family: _report(settings, as_of, family, result) for family, result in results.items()}
    report: dict[str, Any] = {
        "step": "families",
        "as_of": as_of.isoformat(),
        "rows_in": sum(one["rows_in"] for one in reports.values()),
        "rows_out": sum(one["rows_out"] for one in reports.values()),
        "families": reports,
    }
    sections = {family: result.card for family, result in results.items() if result.card is not None}
    if sections:
        report["model_card"] = str(write_model_card(settings, as_of, sections))
    return report, {family: _reason(outcome) for family, outcome in outcomes.items() if isinstance(outcome, Exception)}


def _attempt(job: Job, day: LakeDay) -> Result | Exception:
    try:
        return job.run(day)
    except Exception as error:
        # Indented: the last error of a command, which an alert quotes, is the sentence at its end.
        print(textwrap.indent("".join(traceback.format_exception(error)), "  "), file=sys.stderr)
        return error


def _reason(error: Exception) -> str:
    """What happened, in a line: of an error in a Python worker the worker's own words."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith("Traceback"))
    return next(line for line in lines[start + 1 :] if line and not line[0].isspace()).rstrip(" .")


def _report(settings: Settings, as_of: date, family: str, result: Result) -> dict[str, Any]:
    names = [table.name for table in family_tables(family)]
    rows = {name: catalog.row_counts(settings, name, "as_of").get(as_of.isoformat(), 0) for name in names}
    return {"rows_in": result.rows_in, "rows_out": sum(rows.values()), "tables": rows, **result.notes}
