"""The DAGs that a day passes through, in order; only the first has to be triggered."""

from __future__ import annotations

FIRST_DAG = "ingest"
LAST_DAGS = ("export_merchant_success", "load_bi")
CHAIN = (FIRST_DAG, "build_models", "build_marts", *LAST_DAGS)
