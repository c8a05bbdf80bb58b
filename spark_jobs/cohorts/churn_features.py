"""What the churn model sees of a merchant on a day, and how it says what it saw.

All features use the days up to and including the day they describe. `topics` gather the features that speak of one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_LONGEST = 60.0  # days of silence: after as many the merchant has churned
_WINDOW = 28
_RHYTHM = 90  # days over which the usual gap is taken

# What is learnt, and from how many at least.
LABEL_DAYS = 30
MINIMUM_MERCHANTS, MINIMUM_CHURNERS = 50, 10

FEATURES = (
    "days_since_order",
    "order_gap",
    "orders_28d",
    "orders_prev_28d",
    "days_since_login",
    "login_gap",
    "logins_28d",
    "logins_prev_28d",
    "revenue_28d",
    "revenue_prev_28d",
    "features_used_28d",
    "features_used_prev_28d",
    "tickets_28d",
    "fans_won_28d",
    "fans_won_prev_28d",
    "fans_lost_28d",
    "shares_28d",
    "shares_prev_28d",
    "teams_28d",
    "teams_prev_28d",
    "tenure_days",
)


def features(counts: Mapping[str, Vector], cents: Vector, at: NDArray[np.int64]) -> pd.DataFrame:
    """Features of one merchant on some days.

    Args:
        counts: by name, an entry a day from the merchant's first day.
        cents: net revenue by day, whole numbers.
        at: positions of the days to describe.

    Returns:
        A row for each of `at`, the columns `FEATURES`. Gaps and silences are in days, at most 60; a silence without a
        beginning lasts since the first day.
    """

    def over(values: Vector, first: int, last: int) -> Vector:
        """Sum over the days that lie `first` to `last` days back."""
        sums = np.concatenate([[0.0], np.cumsum(values)])
        total: Vector = sums[np.maximum(at + 1 - first, 0)] - sums[np.maximum(at - last, 0)]
        return total

    columns: dict[str, Vector] = {}
    for name, short in (("orders", "order"), ("logins", "login")):
        is_on = counts[name] > 0
        day = np.arange(len(is_on))
        since = (at - np.maximum.accumulate(np.where(is_on, day, -1))[at]).astype(np.float64)
        columns[f"days_since_{short}"] = np.minimum(since, _LONGEST)
        columns[f"{short}_gap"] = np.minimum(_usual_gap(is_on, at), _LONGEST)
    for name in ("orders", "logins", "features_used", "fans_won", "shares", "teams"):
        columns[f"{name}_28d"] = over(counts[name], 0, _WINDOW - 1)
        columns[f"{name}_prev_28d"] = over(counts[name], _WINDOW, 2 * _WINDOW - 1)
    columns["tickets_28d"] = over(counts["tickets"], 0, _WINDOW - 1)
    columns["fans_lost_28d"] = over(counts["fans_lost"], 0, _WINDOW - 1)
    columns["revenue_28d"] = over(cents, 0, _WINDOW - 1) / 100
    columns["revenue_prev_28d"] = over(cents, _WINDOW, 2 * _WINDOW - 1) / 100
    columns["tenure_days"] = at.astype(np.float64)
    return pd.DataFrame(columns)[list(FEATURES)]


def _usual_gap(is_on: NDArray[np.bool_], at: NDArray[np.int64]) -> Vector:
    """Mean days between the active days of the 90 up to the last active one; 60 with fewer than two."""
    active = np.flatnonzero(is_on)
    gaps = np.full(len(at), _LONGEST)
    for position, day in enumerate(at):
        last = np.searchsorted(active, day, side="right") - 1
        if last >= 1:
            first = np.searchsorted(active, active[last] - _RHYTHM)
            if last > first:
                gaps[position] = (active[last] - active[first]) / (last - first)
    return gaps


def inputs(frame: pd.DataFrame) -> dict[str, Vector]:
    """The numbers that the model weighs, by name: logarithms of counts, and changes between −1 and 1."""
    column = {name: frame[name].to_numpy(np.float64) for name in FEATURES}
    weighed: dict[str, Vector] = {}
    for short, name in (("order", "orders"), ("login", "logins")):
        silence, gap = column[f"days_since_{short}"], np.maximum(column[f"{short}_gap"], 1)
        weighed[f"{short}_silence"] = np.log1p(silence)
        weighed[f"{short}_overdue"] = np.log1p(silence / gap)
        weighed[f"{name}_level"] = np.log1p(column[f"{name}_28d"])
    for name in ("orders", "logins", "revenue", "features_used", "fans_won", "shares", "teams"):
        new, old = column[f"{name}_28d"], column[f"{name}_prev_28d"]
        size = np.abs(new) + np.abs(old)
        weighed[f"{name}_change"] = np.divide(new - old, size, out=np.zeros_like(size), where=size > 0)
    weighed["tickets_level"] = np.log1p(column["tickets_28d"])
    weighed["fans_lost_level"] = np.log1p(column["fans_lost_28d"] / (1 + column["orders_28d"] + column["orders_prev_28d"]))
    weighed["tenure"] = np.log1p(column["tenure_days"])
    return weighed


def _silence(short: str, nothing: str, plural: str) -> Callable[[Mapping[str, float]], str]:
    def say(row: Mapping[str, float]) -> str:
        silence, gap = round(row[f"days_since_{short}"]), round(row[f"{short}_gap"])
        new, old = round(row[f"{plural}_28d"]), round(row[f"{plural}_prev_28d"])
        if silence > max(gap, 2) and gap < _LONGEST:
            return f"{nothing} for {_days(silence)}; before that every {'day' if gap <= 1 else f'{gap} days'}"
        if silence > 2:
            return f"{nothing} for {_days(silence)}"
        return f"{plural}: {new} in the last 28 days, {old} in the 28 days before"

    return say


def _change(plural: str, name: str) -> Callable[[Mapping[str, float]], str]:
    def say(row: Mapping[str, float]) -> str:
        new, old = round(row[f"{name}_28d"]), round(row[f"{name}_prev_28d"])
        return f"{plural}: {new} in the last 28 days, {old} in the 28 days before"

    return say


def _money(row: Mapping[str, float]) -> str:
    new, old = row["revenue_28d"], row["revenue_prev_28d"]
    return f"net revenue {new:,.2f} in the last 28 days, {old:,.2f} in the 28 days before"


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


# What the model weighs, by what it speaks of, and the words for it.
TOPICS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, float]], str]]] = {
    "orders": (
        ("order_silence", "order_overdue", "orders_level", "orders_change"),
        _silence("order", "no paid order", "orders"),
    ),
    "logins": (("login_silence", "login_overdue", "logins_level", "logins_change"), _silence("login", "no login", "logins")),
    "revenue": (("revenue_change",), _money),
    "features": (("features_used_change",), _change("uses of platform features", "features_used")),
    "fans won": (("fans_won_change",), _change("new fans", "fans_won")),
    "shares": (("shares_change",), _change("shares", "shares")),
    "teams": (("teams_change",), _change("teams opened", "teams")),
    "tickets": (("tickets_level",), lambda row: f"support tickets: {round(row['tickets_28d'])} in the last 28 days"),
    "fans lost": (("fans_lost_level",), lambda row: f"fans lost: {round(row['fans_lost_28d'])} in the last 28 days"),
    "tenure": (("tenure",), lambda row: f"on the platform for {_days(round(row['tenure_days']))}"),
}
