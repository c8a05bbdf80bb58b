"""
### The models: who spreads, and how long things last

Reads the lake's events up to the partition key and writes the tables of every model family for that day. `spread_graph`: share
trees and the graph of who opened whose share. `retention`: group survival, lifetime value, merchant churn. The families of a
task run concurrently in one JVM; if one fails, the others are still written, and the task fails.

`models` follows all of them, and the marts follow it.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, EVENTS, MODELS, Tag, after, families, page, updated
from spark_jobs.families import SESSIONS

with DAG("build_models", schedule=after(EVENTS), tags={Tag.TIER_1, Tag.MODELS}, doc_md=page(__doc__), **DEFAULTS):
    [families(session) for session in SESSIONS] >> updated(MODELS)
