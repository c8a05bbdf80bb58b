"""
### Deliveries of `group` become rows of the lake

Reads every file under `FANOUT_LANDING/group/` that was not read before, whatever its `dt`: chat groups and team purchases.
Writes the lake table `group_events`, where every line stands with its fate; then the gate checks that the ledger balances,
that no event is unknown, and how the volume compares with the days before.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, GROUP_EVENTS, LAKE_WRITERS, Tag, command, nightly, page

with DAG("ingest_group", schedule=nightly(), tags={Tag.TIER_1, Tag.INGEST}, doc_md=page(__doc__), **DEFAULTS):
    ingest = command("ingest", "spark_jobs.ingest --source group", pool=LAKE_WRITERS)
    gate = command("gate", "expectations.gate ingest --source group", outlets=[GROUP_EVENTS])
    ingest >> gate
