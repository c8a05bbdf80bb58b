"""What the churn model sees of a merchant on a day, and how it says what it saw.

All features use the days up to and including the day they describe. A topic (`TOPICS`) gathers the inputs about one thing
that a person can act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Entries = NDArray[np.int64]

_LONGEST = 60.0  # days of silence, beyond which the model sees no difference: the merchant has churned by then
_WINDOW = 28
_RHYTHM = 90  # days over which the usual gap is averaged

# The horizon of the label, and the minimum to learn from.
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


def features(counts: Mapping[str, Vector], cents: Vector, at: Entries, begins: Entries) -> pd.DataFrame:
    """Features of merchants on some days.

    Args:
        counts: by name, an entry a day from a merchant's first day on, one merchant after another.
        cents: net revenue by day, whole numbers.
        at: the entries of the days to describe.
        begins: the entry of each merchant's first day.

    Returns:
        A row for each of `at`, the columns `FEATURES`. Gaps are days, 60 at most. Silences (`days_since_…`) are days without
        a limit, NaN if nothing happened before.
    """
    begin = begins[np.searchsorted(begins, at, side="right") - 1]

    def over(sums: Vector, first: int, last: int) -> Vector:
        """Sum over the days that lie `first` to `last` days back."""
        to, before = (np.where(entry >= begin, sums[np.maximum(entry, 0)], 0) for entry in (at - first, at - last - 1))
        total: Vector = to - before
        return total

    columns: dict[str, Vector] = {}
    for name, short in (("orders", "order"), ("logins", "login")):
        is_on = counts[name] > 0
        last = last_entries(is_on)[at]
        columns[f"days_since_{short}"] = np.where(last < begin, np.nan, at - last)
        columns[f"{short}_gap"] = np.minimum(_usual_gap(is_on, at, begin), _LONGEST)
    sums = {name: running_sums(values, begins) for name, values in counts.items()}
    for name in ("orders", "logins", "features_used", "fans_won", "shares", "teams"):
        columns[f"{name}_28d"] = over(sums[name], 0, _WINDOW - 1)
        columns[f"{name}_prev_28d"] = over(sums[name], _WINDOW, 2 * _WINDOW - 1)
    columns["tickets_28d"] = over(sums["tickets"], 0, _WINDOW - 1)
    columns["fans_lost_28d"] = over(sums["fans_lost"], 0, _WINDOW - 1)
    revenue = running_sums(cents, begins)
    columns["revenue_28d"] = over(revenue, 0, _WINDOW - 1) / 100
    columns["revenue_prev_28d"] = over(revenue, _WINDOW, 2 * _WINDOW - 1) / 100
    columns["tenure_days"] = (at - begin).astype(np.float64)
    return pd.DataFrame(columns)[list(FEATURES)]


def running_sums(values: Vector, begins: Entries) -> Vector:
    """Sum of each merchant's entries up to each; of its own alone, since all money is more than a double tells apart."""
    sums = np.empty_like(values)
    for begin, end in pairwise([*begins.tolist(), len(values)]):
        np.cumsum(values[begin:end], out=sums[begin:end])
    return sums


def last_entries(is_on: NDArray[np.bool_]) -> Entries:
    """The last entry up to each at which it is on, of whatever merchant; -1 where there is none."""
    return np.maximum.accumulate(np.where(is_on, np.arange(len(is_on)), -1))


def _usual_gap(is_on: NDArray[np.bool_], at: Entries, begin: Entries) -> Vector:
    """Mean gap, in days, between the active days among the 90 up to the last active one; 60 if there are fewer than two."""
    active = np.append(np.flatnonzero(is_on), -1)  # the last one is that of nobody
    last = np.searchsorted(active[:-1], at, side="right") - 1
    first = np.searchsorted(active[:-1], np.maximum(active[last] - _RHYTHM, begin))
    gaps = np.full(len(at), _LONGEST)
    np.divide(active[last] - active[first], last - first, out=gaps, where=last > first)
    return gaps


def inputs(frame: pd.DataFrame) -> dict[str, Vector]:
    """The numbers that the model weighs, by name: logarithms of counts, and changes between −1 and 1."""
    column = {name: frame[name].to_numpy(np.float64) for name in FEATURES}
    weighed: dict[str, Vector] = {}
    for short, name in (("order", "orders"), ("login", "logins")):
        since = column[f"days_since_{short}"]
        # If nothing ever happened, the silence began on the day before the first.
        silence = np.minimum(np.where(np.isnan(since), column["tenure_days"] + 1, since), _LONGEST)
        gap = np.maximum(column[f"{short}_gap"], 1)
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


@dataclass(frozen=True)
class Reason:
    """Why a merchant may leave, as data; fields that do not apply to a topic are None.

    Attributes:
        topic: of `TOPICS`.
        days: since the last order or login; for these topics None if there never was one.
        gap: the usual number of days between them, if the silence is longer.
        now, before: amount or count of the last 28 days, and of the 28 before.
    """

    topic: str
    days: int | None = None
    gap: int | None = None
    now: Decimal | None = None
    before: Decimal | None = None


_NOTHING = {"orders": "no paid order", "logins": "no login"}
_MEASURES = {
    "orders": "orders:",
    "logins": "logins:",
    "revenue": "net revenue",
    "features": "uses of platform features:",
    "fans_won": "new fans:",
    "shares": "shares:",
    "teams": "teams opened:",
    "tickets": "support tickets:",
    "fans_lost": "fans lost:",
}


def sentence(reason: Reason) -> str:
    """A reason in English, as `exports/pages/words/en.toml` tells it."""
    if reason.now is not None:
        before = "" if reason.before is None else f", {reason.before:,.0f} in the 28 days before"
        return f"{_MEASURES[reason.topic]} {reason.now:,.0f} in the last 28 days{before}"
    if reason.days is None:
        return f"{_NOTHING[reason.topic]} ever"
    rhythm = "" if reason.gap is None else f"; before that every {'day' if reason.gap == 1 else f'{reason.gap} days'}"
    return f"{_NOTHING[reason.topic]} for {'a day' if reason.days == 1 else f'{reason.days} days'}{rhythm}"


Say = Callable[[Mapping[str, float]], Reason | None]


def _silence(topic: str, short: str) -> Say:
    fewer = _change(topic, topic, or_equal=True)

    def say(row: Mapping[str, float]) -> Reason | None:
        silence, gap = row[f"days_since_{short}"], max(round(row[f"{short}_gap"]), 1)
        if np.isnan(silence):
            return Reason(topic)
        if silence <= 2:
            return fewer(row)
        return Reason(topic, round(silence), gap if gap < min(silence, _LONGEST) else None)

    return say


def _change(topic: str, name: str, *, or_equal: bool = False) -> Say:
    """Says what has decreased; with `or_equal`, also what has stayed the same."""

    def say(row: Mapping[str, float]) -> Reason | None:
        now, before = (round(Decimal(row[column]), 2) for column in (f"{name}_28d", f"{name}_prev_28d"))
        is_reason = now <= before if or_equal else now < before
        return Reason(topic, now=now, before=before) if is_reason else None

    return say


def _count(topic: str) -> Say:
    def say(row: Mapping[str, float]) -> Reason | None:
        now = round(Decimal(row[f"{topic}_28d"]), 2)
        return Reason(topic, now=now) if now else None

    return say


# By topic: its inputs, and what makes its reason (None if there is nothing bad to say).
TOPICS: dict[str, tuple[tuple[str, ...], Say]] = {
    "orders": (("order_silence", "order_overdue", "orders_level", "orders_change"), _silence("orders", "order")),
    "logins": (("login_silence", "login_overdue", "logins_level", "logins_change"), _silence("logins", "login")),
    "revenue": (("revenue_change",), _change("revenue", "revenue")),
    "features": (("features_used_change",), _change("features", "features_used")),
    "fans_won": (("fans_won_change",), _change("fans_won", "fans_won")),
    "shares": (("shares_change",), _change("shares", "shares")),
    "teams": (("teams_change",), _change("teams", "teams")),
    "tickets": (("tickets_level",), _count("tickets")),
    "fans_lost": (("fans_lost_level",), _count("fans_lost")),
}
# The model also weighs how long a merchant has been here. Nobody can act on that, so it is no topic.
ALL_INPUTS = (*(name for names, _ in TOPICS.values() for name in names), "tenure")
