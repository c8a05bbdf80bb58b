"""The DAGs that a day passes through, in order; only the first has to be triggered. And those beside them."""

from __future__ import annotations

FIRST_DAG = "ingest"
LAST_DAGS = ("export_merchant_success", "load_bi")
CHAIN = (FIRST_DAG, "build_models", "build_marts", *LAST_DAGS)
# By a schedule of its own, which no day waits for.
BESIDE = ("maintain",)
