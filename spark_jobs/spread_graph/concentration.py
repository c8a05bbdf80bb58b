"""How unequally a metric is spread over people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from spark_jobs.spread_graph.arrays import Ints, amount, summable

METRICS = ("shares", "opens", "orders_led", "revenue_led")
MONEY = "revenue_led"  # counted in cents


def concentration(metric: str, values: Ints, people: Ints) -> list[dict[str, Any]]:
    """The row of `spread_concentration` for one metric, without its merchant; none if nobody has any of it.

    Args:
        metric: one of `METRICS`.
        values: the different values, rising; those that are not positive are left out.
        people: how many people have each.
    """
    is_positive = values > 0
    values, people = values[is_positive][::-1], people[is_positive][::-1]
    values = summable(values, people)
    if not len(values):
        return []
    users = int(people.sum())
    upto, held = np.cumsum(people), np.cumsum(values * people)
    total = int(held[-1])

    def of_highest(many: int) -> int:
        step = int(np.searchsorted(upto, many))
        return int(held[step]) - (int(upto[step]) - many) * int(values[step])

    step = int(np.searchsorted(held, -(-total // 2)))
    # Of the people with the value at which half is passed, some may not be needed.
    users_for_half = int(upto[step]) - (2 * int(held[step]) - total) // (2 * int(values[step]))
    # Σ i·x over the people by rising x, where a run of equals takes the places up to `place`.
    place = users - (upto - people)
    weighted = float((values.astype(np.float64) * people * (2 * place - people + 1) / 2).sum())
    return [
        {
            "metric": metric,
            "users": users,
            "total": amount(total) if metric == MONEY else Decimal(total),
            "top_1pct_share": of_highest(-(-users // 100)) / total,
            "top_01pct_share": of_highest(-(-users // 1000)) / total,
            "users_for_half": users_for_half,
            "gini": 2 * weighted / (users * total) - (users + 1) / users,
        }
    ]
