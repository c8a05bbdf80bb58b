"""
### Deliveries become rows of the lake

First takes the sheets that account managers sent back: their calls become a file of the landing, and the senders get answers
(`FANOUT_HOME/returns/answers/`).

Reads, of each source, every file under `FANOUT_LANDING/<source>/` that was not read before, whatever its `dt`: merchants, fans,
shares and orders (`shop`), chat groups and team purchases (`group`), live sessions (`stream`). Writes the lake tables
`<source>_events`, where every line stands with its fate; then a gate checks that the ledger of the source balances, that no
event is unknown, and how the volume compares with the days before. Under the schedule it waits for the day's delivery.

`events` follows all gates, and the rest of the day follows it.
"""

from airflow.sdk import DAG

from contract.events import SOURCES
from dags.assets import EVENTS, INGEST_DEFAULTS, LAKE_WRITERS, Tag, command, ingest_gate, nightly, page, updated

with DAG("ingest", schedule=nightly(), tags={Tag.TIER_1, Tag.INGEST}, doc_md=page(__doc__), **INGEST_DEFAULTS):
    returns = command("returns", 'exports.returns --as-of "$AS_OF"')
    events = updated(EVENTS)
    for source in SOURCES:
        ingest = command(f"ingest_{source}", f"spark_jobs.ingest --source {source}", pool=LAKE_WRITERS)
        if source == "shop":  # what account managers tell comes in as events of the shop
            returns >> ingest
        ingest >> ingest_gate(source) >> events
