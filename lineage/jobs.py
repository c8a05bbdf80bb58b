"""The commands whose datasets follow from the contract alone; the others say theirs where they are."""

from __future__ import annotations

import os

from contract.events import SOURCES, event_types
from contract.settings import SECRET_FILES
from contract.tables import marts
from lineage import names
from lineage.emitter import Arguments, Job

_WAYS = ("FANOUT_BI_DSN", SECRET_FILES["FANOUT_BI_DSN"], "FANOUT_BI_PARQUET", "FANOUT_PUBLISHED_URI")


def _source(arguments: Arguments) -> str | None:
    source = arguments["--source"]
    return source if source in SOURCES else None


def _landing(arguments: Arguments) -> list[str]:
    source = _source(arguments)
    return [names.landing(source)] if source else []


def _events(arguments: Arguments) -> list[str]:
    source = _source(arguments)
    return [names.events(source), *(names.event_type(event.name) for event in event_types(source))] if source else []


def _judged(arguments: Arguments) -> list[str]:
    return _events(arguments)[:1] if "ingest" in arguments.words else _marts(arguments)


def _marts(_: Arguments) -> list[str]:
    return [names.model("marts", table.name) for table in marts()]


def _published(_: Arguments) -> list[str]:
    return names.published_marts()


def _copies(_: Arguments) -> list[str]:
    """None where no way is set."""
    return [names.bi(mart.partition("/")[2]) for mart in names.published_marts()] if any(map(os.environ.get, _WAYS)) else []


INGEST = Job("spark_jobs.ingest", _landing, _events)
REPLAY = Job("spark_jobs.ingest.replay", lambda arguments: [*_events(arguments), *_landing(arguments)], _events)
WITHDRAW = Job("spark_jobs.ingest.withdraw", lambda arguments: [*_events(arguments), *_landing(arguments)], _events)
GATE = Job("expectations.gate", _judged)
PUBLICATION = Job("publication", _marts, _published, lambda arguments: "rollback" not in arguments.words)
BI = Job("publication.bi", _published, _copies)
RETURNS = Job("exports.returns", lambda _: [names.RETURNS], lambda _: [names.landing("shop")])
