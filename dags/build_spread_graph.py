"""
### Who spreads: share trees, influence, circles

Reads the lake's events up to the partition key, writes the lake's tables of share trees (`cascades`, `cascade_layers`,
`cascade_nodes`) and of the graph of who opened whose share, for that day.
"""

from airflow.sdk import DAG

from dags.assets import (
    DEFAULTS,
    GROUP_EVENTS,
    LAKE_WRITERS,
    SHOP_EVENTS,
    SPREAD_GRAPH,
    STREAM_EVENTS,
    Tag,
    after,
    command,
    page,
)

with DAG(
    "build_spread_graph",
    schedule=after(SHOP_EVENTS & GROUP_EVENTS & STREAM_EVENTS),
    tags={Tag.TIER_1, Tag.MODELS},
    doc_md=page(__doc__),
    **DEFAULTS,
):
    command("spread_graph", 'spark_jobs.spread_graph --as-of "$AS_OF"', pool=LAKE_WRITERS, outlets=[SPREAD_GRAPH])
