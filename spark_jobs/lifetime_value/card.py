"""The lifetime models' section of the model card: the forecast for the holdout against what happened."""

from __future__ import annotations

from collections.abc import Sequence

from spark_jobs.families import plots
from spark_jobs.families.model_card import render


def section(by_frequency: Sequence[tuple[int, int, int, float]], by_week: Sequence[tuple[int, int, float]]) -> str:
    """The lifetime models' part of the model card, all of it summed over merchants.

    Args:
        by_frequency: see `lifetimes.holdout_by_frequency`.
        by_week: see `lifetimes.holdout_by_week`.
    """
    if not by_week:
        return render("lifetime_value/card.html.j2", has_holdout=False)
    most = max(row[0] for row in by_frequency)
    rows = [
        (f"{frequency}{' and more' if frequency == most else ''}", str(fans), str(actual), f"{expected:.1f}")
        for frequency, fans, actual, expected in by_frequency
    ]
    per_fan = {
        "actual": [(frequency, actual / fans) for frequency, fans, actual, _ in by_frequency],
        "expected": [(frequency, expected / fans) for frequency, fans, _, expected in by_frequency],
    }
    weekly = {
        "actual": [(week, float(actual)) for week, actual, _ in by_week],
        "expected": [(week, expected) for week, _, expected in by_week],
    }
    return render(
        "lifetime_value/card.html.j2",
        has_holdout=True,
        by_week=plots.lines(weekly, "week of the holdout", "purchases"),
        per_fan=plots.lines(per_fan, "repeat purchases before the holdout", "purchases a fan"),
        rows=rows,
    )
