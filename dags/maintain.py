"""
### The deployment stays small, and forgets whom it has to

Once a week, on Sunday at 14:00, when the night's figures have long been out. Compacts the lake's event tables, removes data
files that no table names any more, shortens the tables' logs; removes days and files older than `FANOUT_KEEP_DAYS` from the
lake, `FANOUT_HOME` and Airflow's database; takes out what still names people who asked to be forgotten, and proves it in
`FANOUT_HOME/erasure/`. It fails if anything remained.

It takes every slot of the lake's writers, and waits until nobody reads the lake. Nothing follows it.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, LAKE_WRITERS, LAKE_WRITERS_SLOTS, Tag, command, page, weekly

with DAG("maintain", schedule=weekly(), tags={Tag.TIER_2, Tag.MAINTENANCE}, doc_md=page(__doc__), **DEFAULTS):
    command("maintain", 'maintenance --as-of "$AS_OF"', pool=LAKE_WRITERS, slots=LAKE_WRITERS_SLOTS)
