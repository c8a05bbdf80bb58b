"""
### The published marts for people without DuckDB

`load` copies the published marts of the partition key into the PostgreSQL of `FANOUT_BI_DSN`, if it is the newest day, and
writes them as Parquet files below `FANOUT_BI_PARQUET`. `site` draws them as static pages in `FANOUT_HOME/site`. `dashboards`
asks the Superset of `FANOUT_SUPERSET_URL`, which reads the published file itself, for every chart. What is not set is left out,
and the report says so. None waits for another, and nothing waits for them.
"""

from airflow.sdk import DAG

from dags.assets import BI_COPIES, DEFAULTS, MARTS, Tag, after, command, page

with DAG("load_bi", schedule=after(MARTS), tags={Tag.TIER_2, Tag.MARTS}, doc_md=page(__doc__), **DEFAULTS):
    command("load", 'publication.bi --as-of "$AS_OF"', outlets=[BI_COPIES])
    command("site", 'static_site --as-of "$AS_OF"')
    command("dashboards", 'dashboards refresh --as-of "$AS_OF"')
