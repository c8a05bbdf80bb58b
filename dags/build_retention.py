"""
### How long things last: chat groups, fans, merchants

Reads the lake's events up to the partition key and writes the lake's tables of group survival, lifetime value and merchant
churn for that day. The families run concurrently in one JVM; if one fails, the others are still written.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, EVENTS, Tag, after, families, page

with DAG("build_retention", schedule=after(EVENTS), tags={Tag.TIER_1, Tag.MODELS}, doc_md=page(__doc__), **DEFAULTS):
    families("retention")
