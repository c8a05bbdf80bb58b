"""The lifetime models' section of the model card: the forecast of the holdout against what came."""

from __future__ import annotations

from collections.abc import Sequence

from spark_jobs.families import plots
from spark_jobs.families.model_card import figure, table


def section(by_frequency: Sequence[tuple[int, int, int, float]], by_week: Sequence[tuple[int, int, float]]) -> str:
    """The lifetime models' part of the model card, all of it summed over merchants.

    Args:
        by_frequency: see `lifetimes.holdout_by_frequency`.
        by_week: see `lifetimes.holdout_by_week`.
    """
    if not by_week:
        return "<h2>Fans</h2><p>No merchant has a holdout of a week yet.</p>"
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
    return (
        "<h2>Fans</h2><p>BG/NBD, fitted for each merchant on the days before its holdout (the last quarter of its days), "
        "against the purchases that came, all merchants together.</p>"
        + figure(plots.lines(weekly, "week of the holdout", "purchases"), "By week, over merchants whose holdout covers it.")
        + figure(
            plots.lines(per_fan, "repeat purchases before the holdout", "purchases a fan"), "By what was known of the fan."
        )
        + table(("repeat purchases before", "fans", "purchases in the holdout", "expected"), rows)
    )
