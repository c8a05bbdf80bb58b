"""
### Deliveries of `stream` become rows of the lake

Reads every file under `FANOUT_LANDING/stream/` that was not read before, whatever its `dt`: live sessions.
Writes the lake table `stream_events`, where every line stands with its fate; then the gate checks that the ledger balances,
that no event is unknown, and how the volume compares with the days before. Under the schedule it waits for the day's delivery.
"""

from airflow.sdk import DAG

from dags.assets import INGEST_DEFAULTS, LAKE_WRITERS, STREAM_EVENTS, Tag, command, ingest_gate, nightly, page

with DAG("ingest_stream", schedule=nightly(), tags={Tag.TIER_1, Tag.INGEST}, doc_md=page(__doc__), **INGEST_DEFAULTS):
    ingest = command("ingest", "spark_jobs.ingest --source stream", pool=LAKE_WRITERS)
    gate = ingest_gate("stream", STREAM_EVENTS)
    ingest >> gate
