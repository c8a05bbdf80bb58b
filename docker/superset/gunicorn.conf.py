"""How Superset is served."""

import os

worker_class = "gthread"
workers = int(os.environ.get("SUPERSET_WORKERS", "2"))
threads = 8
timeout = 120
# A worker that has grown is replaced, one at a time.
max_requests = 5000
max_requests_jitter = 500
