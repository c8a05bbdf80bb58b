"""
### Deliveries of `shop` become rows of the lake

First takes the sheets that account managers sent back: their calls become a file of the landing, and the senders get answers
(`FANOUT_HOME/returns/answers/`).

Reads every file under `FANOUT_LANDING/shop/` that was not read before, whatever its `dt`: merchants, fans, shares, orders.
Writes the lake table `shop_events`, where every line stands with its fate; then the gate checks that the ledger balances,
that no event is unknown, and how the volume compares with the days before. Under the schedule it waits for the day's delivery.
"""

from airflow.sdk import DAG

from dags.assets import INGEST_DEFAULTS, LAKE_WRITERS, SHOP_EVENTS, Tag, command, ingest_gate, nightly, page

with DAG("ingest_shop", schedule=nightly(), tags={Tag.TIER_1, Tag.INGEST}, doc_md=page(__doc__), **INGEST_DEFAULTS):
    returns = command("returns", 'exports.returns --as-of "$AS_OF"')
    ingest = command("ingest", "spark_jobs.ingest --source shop", pool=LAKE_WRITERS)
    gate = ingest_gate("shop", SHOP_EVENTS)
    returns >> ingest >> gate
