"""
### How long things last: chat groups, fans, merchants

Reads the lake's events up to the partition key, writes the lake's tables of group survival, of lifetime value and of churn,
for that day.
"""

from airflow.sdk import DAG

from dags.assets import COHORTS, DEFAULTS, GROUP_EVENTS, LAKE_WRITERS, SHOP_EVENTS, STREAM_EVENTS, Tag, after, command, page

with DAG(
    "build_cohorts",
    schedule=after(SHOP_EVENTS & GROUP_EVENTS & STREAM_EVENTS),
    tags={Tag.TIER_1, Tag.MODELS},
    doc_md=page(__doc__),
    **DEFAULTS,
):
    command("cohorts", 'spark_jobs.cohorts --as-of "$AS_OF"', pool=LAKE_WRITERS, outlets=[COHORTS])
