"""
### Who spreads: share trees, influence, circles

Reads the lake's events up to the partition key, writes the lake's tables of share trees (`cascades`, `cascade_layers`,
`cascade_nodes`) and of the graph of who opened whose share, for that day.
"""

from airflow.sdk import DAG

from dags.assets import DEFAULTS, EVENTS, Tag, after, families, page

with DAG("build_spread_graph", schedule=after(EVENTS), tags={Tag.TIER_1, Tag.MODELS}, doc_md=page(__doc__), **DEFAULTS):
    families("spread_graph")
