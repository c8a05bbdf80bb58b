"""The summary of a day's run: what was refused and why, where the time went, and where the results are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

import duckdb

from contract.events import SOURCES
from contract.settings import Settings
from expectations.findings import Finding
from operations.airflow_server import log_folder
from operations.chain import CHAIN
from operations.follow import Day
from publication.publish import lateness
from publication.versions import CURRENT, RUN

_LEDGER = """
    select source, count(*), sum(rows_read), sum(accepted), sum(duplicate), sum(quarantined), sum(erased), sum(withdrawn)
    from marts.ingest_ledger group by source order by source
"""
_COUNTS = ("files", "read", "accepted", "duplicate", "quarantined", "erased", "withdrawn")
_REASONS = """
    select source, reason, sum(rows) from marts.quarantine_reasons
    group by source, reason order by source, sum(rows) desc, reason
"""
_EXAMPLES = (
    "select source, reason, example_file, example_line from marts.quarantine_reasons order by source, reason, example_file"
)
_RETURNS = {
    "waiting": "returned sheets wait for the run of a later day",
    "faults": "faults with returned sheets, which the log of ingest.returns names",
}
_UNREADABLE = "select file, bytes, error from marts.unreadable_files order by file"


def summary(day: Day, settings: Settings, as_of: date) -> Iterator[str]:
    """Lines of text; the figures come from the published marts."""
    yield f"{as_of} is published."
    yield ""
    yield from _refusals(settings, as_of)
    yield from _warnings(settings)
    yield from _diagnosis(settings, as_of)
    yield from _returns(day, settings)
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
        widths = dict(zip(_COUNTS, (8, 14, 14, 12, 13, 10, 11), strict=True))
        yield f"{'lines so far':<14}" + "".join(f"{name:>{width}}" for name, width in widths.items())
        for source, *counts in marts.execute(_LEDGER).fetchall():
            yield f"  {source:<12}" + "".join(f"{n:>{width},}" for n, width in zip(counts, widths.values(), strict=True))
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


def _diagnosis(settings: Settings, as_of: date) -> Iterator[str]:
    """How many merchants can see why their payments moved, and whether they could in time."""
    run = json.loads((settings.published / as_of.isoformat() / CURRENT / RUN).read_text(encoding="utf-8"))
    yield f"  {run['merchants_diagnosed']:,} merchants diagnosed"
    if late := lateness(run):
        yield f"  warning: {late}"


def _returns(day: Day, settings: Settings) -> Iterator[str]:
    """What came of the sheets that were sent back, if any were."""
    report = day.reports.get(("ingest", "returns"), {})
    if report.get("files"):
        told = f"{report['files']} returned sheets: {report['rows_out']} calls taken, {report['refused']} rows refused"
        yield f"  {told}; the answers are in {settings.returns / 'answers'}"
    for key, text in _RETURNS.items():
        if report.get(key):
            yield f"  {report[key]} {text}"


def _places(settings: Settings, as_of: date) -> Iterator[str]:
    published = settings.published / as_of.isoformat() / "current"
    newest = settings.published / "current"
    current = newest if newest.exists() and newest.resolve() == published.resolve() else published
    site = settings.site / current.relative_to(settings.published) / "index.html"
    yield f"  a first look  {site}   (in a browser)"
    yield f"  marts         {current / 'fanout.duckdb'}"
    yield f"  provenance    {current / 'run.json'}"
    yield f"  exports       {settings.exports / as_of.isoformat()}"
    yield f"  gate results  {settings.work(as_of) / 'gates'}, {settings.home / 'work' / 'gates'}"
    yield f"  Data Docs     {settings.home / 'data_docs'}"
    yield f"  lake          {settings.lake}"
    yield f"  logs          {log_folder(settings)}"
