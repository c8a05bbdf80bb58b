"""The lake tables of the spread graph: name to columns, written `name:type`. Each is partitioned by `as_of` as well."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import types as t
from pyspark.sql.pandas.types import to_arrow_schema

# Worked out merchant by merchant, inside a partition.
MERCHANT_TABLES: dict[str, str] = {
    "cascades": """
        merchant_id:string root_share_id:string root_user_id:string object_type:string object_id:string started_at:timestamp
        shares:long sharers:long reach:long depth:long max_breadth:long structural_virality:double seconds_to_half:double
        orders:long revenue:decimal(18,2)
    """,
    "cascade_layers": """
        merchant_id:string root_share_id:string depth:long shares:long sharers:long openers:long orders:long
        revenue:decimal(18,2)
    """,
    "cascade_nodes": """
        merchant_id:string share_id:string user_id:string channel:string shared_at:timestamp root_share_id:string
        parent_share_id:string parent_status:string depth:long subtree_shares:long subtree_orders:long
        subtree_revenue:decimal(18,2)
    """,
    "share_mix": """
        merchant_id:string channel:string month:string shares:long share_of_shares:double opens:long orders:long
        revenue:decimal(18,2)
    """,
    "spreaders": """
        merchant_id:string user_id:string shares:long opens:long openers:long orders_led:long revenue_led:decimal(18,2)
        subtree_revenue:decimal(18,2) influence:double influence_rank:long circle_id:string circles_reached:long
        bridge_score:double is_connector:boolean component_id:string
    """,
    "opener_edges": "merchant_id:string opener_id:string sharer_id:string shares_opened:long component_id:string",
    "circles": """
        merchant_id:string circle_id:string members:long median_degree:double share_of_reach:double revenue:decimal(18,2)
    """,
    "circle_quality": """
        merchant_id:string users:long edges:long circles:long median_members:double cpm_quality:double modularity:double
    """,
    "spread_motifs": """
        merchant_id:string pairs:long reciprocal_pairs:long reciprocity:double triangles:long transitivity:double
    """,
    "spread_concentration": """
        merchant_id:string metric:string users:long total:decimal(18,2) top_1pct_share:double top_01pct_share:double
        users_for_half:long gini:double
    """,
    "key_spreaders": """
        merchant_id:string rank:long user_id:string new_openers:long reach_share:double revenue_led:decimal(18,2)
        influence_rank:long
    """,
    "circle_stability": "merchant_id:string users_in_both:long adjusted_rand:double renamed_share:double",
}
# Worked out over all merchants together.
PLATFORM_TABLES: dict[str, str] = {
    "platform_spreaders": """
        user_id:string merchants:long shares:long openers:long influence:double influence_rank:long island_id:string
    """,
    "islands": "island_id:string users:long merchants:long shares:long",
}
TABLES: dict[str, str] = MERCHANT_TABLES | PLATFORM_TABLES


def columns(table: str) -> t.StructType:
    """The columns of a table, without `as_of`. Needs no session: executors ask as well."""
    schema = t.StructType()
    for column in TABLES[table].split():
        name, kind = column.split(":")
        schema.add(name, kind)
    return schema


def arrow_columns(table: str) -> pa.Schema:
    """The same as an Arrow schema."""
    return to_arrow_schema(columns(table))
