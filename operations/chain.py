"""The DAGs that a day goes through."""

from __future__ import annotations

from contract.events import SOURCES

INGESTS = tuple(f"ingest_{source}" for source in SOURCES)
LAST_DAG = "export_merchant_success"
CHAIN = (*INGESTS, "build_spread_graph", "build_cohorts", "build_marts", LAST_DAG)
