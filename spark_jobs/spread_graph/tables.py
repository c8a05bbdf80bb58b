"""The lake tables of the spread graph."""

from __future__ import annotations

from contract.tables import family_tables

TABLES = tuple(table.name for table in family_tables("spread_graph"))
# Worked out merchant by merchant, inside a partition; the others are of all merchants together.
MERCHANT_TABLES = tuple(table.name for table in family_tables("spread_graph") if "merchant_id" in table.key_columns)
