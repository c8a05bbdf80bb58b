"""Types of money in the families: as in the lake's tables, as sums, and as published."""

from __future__ import annotations

from pyspark.sql import Column

# No lake has enough lines for a sum to leave 38 digits.
MONEY, SUMMED_MONEY = "decimal(18,2)", "decimal(38,2)"


def published_money(amount: Column) -> Column:
    """An amount as the tables publish it; null where it has more digits."""
    return amount.try_cast(MONEY)
