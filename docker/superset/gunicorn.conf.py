"""How Superset is served."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

worker_class = "gthread"
workers = int(os.environ.get("SUPERSET_WORKERS", "2"))
threads = 8
timeout = 120
# A worker that has grown is replaced, one at a time.
max_requests = 5000
max_requests_jitter = 500


def on_starting(_server: object) -> None:
    """Remove what workers that were killed have spilled."""
    shutil.rmtree(Path(os.environ["SUPERSET_HOME"]) / "spill", ignore_errors=True)


def post_worker_init(_worker: object) -> None:
    """Make the task that SQL Lab calls as a function: two threads that make it at once fail ("no attribute 'push'")."""
    from celery.local import maybe_evaluate
    from superset.sql_lab import get_sql_results

    maybe_evaluate(get_sql_results)
