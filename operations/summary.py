"""What a day's run leaves behind: where it lies, what was refused and why, and where the time went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

import duckdb

from expectations.contract import SOURCES
from expectations.gate import Finding
from expectations.settings import Settings
from operations.airflow_server import log_folder
from operations.chain import CHAIN
from operations.follow import Day

_LEDGER = """
    select source, count(*), sum(rows_read), sum(accepted), sum(duplicate), sum(quarantined), sum(erased)
    from marts.ingest_ledger group by source order by source
"""
_REASONS = """
    select source, reason, sum(rows) from marts.quarantine_reasons
    group by source, reason order by source, sum(rows) desc, reason
"""
_EXAMPLES = (
    "select source, reason, example_file, example_line from marts.quarantine_reasons order by source, reason, example_file"
)
_UNREADABLE = "select file, bytes, error from marts.unreadable_files order by file"


def summary(day: Day, settings: Settings, as_of: date) -> Iterator[str]:
    """Lines for a person; the figures come from the marts that were published."""
    yield f"{as_of} is published."
    yield ""
    yield from _refusals(settings, as_of)
    yield from _warnings(settings)
    yield ""
    yield from stage_times(day)
    yield ""
    yield from _places(settings, as_of)


def stage_times(day: Day) -> Iterator[str]:
    """Seconds from the first trigger at which each DAG run began and ended."""
    begun = min(datetime.fromisoformat(run["run_after"]) for run in day.runs.values())
    yield "where the time went (seconds since the trigger)"
    for dag_id in CHAIN:
        run = day.runs.get(dag_id)
        if run and run["start_date"] and run["end_date"]:
            start, end = ((datetime.fromisoformat(run[key]) - begun).total_seconds() for key in ("start_date", "end_date"))
            yield f"  {dag_id:<24}{start:>7.0f} to {end:>5.0f} {end - start:>7.0f} s"


def _refusals(settings: Settings, as_of: date) -> Iterator[str]:
    with duckdb.connect(str(settings.published / as_of.isoformat() / "current" / "fanout.duckdb"), read_only=True) as marts:
        yield f"{'lines so far':<14}{'files':>8}{'read':>14}{'accepted':>14}{'duplicate':>12}{'quarantined':>13}{'erased':>10}"
        for source, files, *counts in marts.execute(_LEDGER).fetchall():
            yield f"  {source:<12}{files:>8,}{counts[0]:>14,}{counts[1]:>14,}{counts[2]:>12,}{counts[3]:>13,}{counts[4]:>10,}"
        example = {
            (source, reason): f"{file}:{line}" for source, reason, file, line in reversed(marts.execute(_EXAMPLES).fetchall())
        }
        for source, reason, rows in marts.execute(_REASONS).fetchall():
            yield f"  quarantined  {source:<8}{reason:<24}{rows:>8,}   such as {example[source, reason]}"
        for file, size, error in marts.execute(_UNREADABLE).fetchall():
            yield f"  unreadable   {file} ({size:,} bytes): {error}"


def _warnings(settings: Settings) -> Iterator[str]:
    """What the gates of the ingests found without stopping the day."""
    for source in SOURCES:
        results = settings.home / "work" / "gates" / f"ingest_{source}.json"
        if results.exists():
            for warning in json.loads(results.read_text(encoding="utf-8"))["warnings"]:
                yield f"  {source}: {Finding(**warning).sentence}"


def _places(settings: Settings, as_of: date) -> Iterator[str]:
    published = settings.published / as_of.isoformat() / "current"
    newest = settings.published / "current"
    current = newest if newest.exists() and newest.resolve() == published.resolve() else published
    yield f"  marts         {current / 'fanout.duckdb'}"
    yield f"  provenance    {current / 'run.json'}"
    yield f"  exports       {settings.exports / as_of.isoformat()}"
    yield f"  gate results  {settings.work(as_of) / 'gates'}, {settings.home / 'work' / 'gates'}"
    yield f"  Data Docs     {settings.home / 'data_docs'}"
    yield f"  lake          {settings.lake}"
    yield f"  logs          {log_folder(settings)}"
