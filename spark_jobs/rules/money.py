"""Money on its way through the families: as the lake's tables have it, summed, and as it is published."""

from __future__ import annotations

from pyspark.sql import Column

# Sums have room for more digits than any lake has lines to fill.
MONEY, SUMMED_MONEY = "decimal(18,2)", "decimal(38,2)"


def published_money(amount: Column) -> Column:
    """An amount as the tables publish it; null where it has more digits."""
    return amount.try_cast(MONEY)
