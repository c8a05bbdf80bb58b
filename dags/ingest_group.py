"""
### Deliveries of `group` become rows of the lake

Reads every file under `FANOUT_LANDING/group/` that was not read before, whatever its `dt`: chat groups and team purchases.
Writes the lake table `group_events`, where every line stands with its fate; then the gate checks that the ledger balances,
that no event is unknown, and how the volume compares with the days before. Under the schedule it waits for the day's delivery.
"""

from airflow.sdk import DAG

from dags.assets import GROUP_EVENTS, INGEST_DEFAULTS, LAKE_WRITERS, Tag, command, ingest_gate, nightly, page

with DAG("ingest_group", schedule=nightly(), tags={Tag.TIER_1, Tag.INGEST}, doc_md=page(__doc__), **INGEST_DEFAULTS):
    ingest = command("ingest", "spark_jobs.ingest --source group", pool=LAKE_WRITERS)
    gate = ingest_gate("group", GROUP_EVENTS)
    ingest >> gate
