"""
### How long things last: chat groups, fans, merchants

Reads the lake's events up to the partition key, writes the lake's tables of group survival, of lifetime value and of merchant
churn, for that day. The families run concurrently in one JVM; when one fails, the others are written all the same.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, EVENTS, Tag, after, families, page

with DAG("build_retention", schedule=after(EVENTS), tags={Tag.TIER_1, Tag.MODELS}, doc_md=page(__doc__), **DEFAULTS):
    families("retention")
