"""The DAGs that a day passes through, in order."""

from __future__ import annotations

from contract.events import SOURCES
from spark_jobs.families import SESSIONS

INGESTS = tuple(f"ingest_{source}" for source in SOURCES)
LAST_DAGS = ("export_merchant_success", "load_bi")
CHAIN = (*INGESTS, *(f"build_{session}" for session in SESSIONS), "build_marts", *LAST_DAGS)
