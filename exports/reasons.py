"""Reasons in words: those of the churn model, told in any language, and plain ones where it has none.

The mart has them in English sentences (`spark_jobs.cohorts.churn_features.TOPICS`); the patterns below find their figures
again. A sentence that no pattern knows is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exports.words import Words, money

_DAYS = r"(?:a day|(?P<days>\d+) days)"
_EVERY = r"every (?:day|(?P<gap>\d+) days)"
_28 = r"in the last 28 days"
_BEFORE = r"in the 28 days before"
_CHANGED = rf"{_28}, (?P<before>-?[\d,.]+) {_BEFORE}"

PATTERNS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "orders_overdue": rf"no paid order for {_DAYS}; before that {_EVERY}",
        "orders_silent": rf"no paid order for {_DAYS}",
        "orders_change": rf"orders: (?P<now>\d+) {_CHANGED}",
        "logins_overdue": rf"no login for {_DAYS}; before that {_EVERY}",
        "logins_silent": rf"no login for {_DAYS}",
        "logins_change": rf"logins: (?P<now>\d+) {_CHANGED}",
        "revenue_change": rf"net revenue (?P<now>-?[\d,.]+) {_CHANGED}",
        "features_change": rf"uses of platform features: (?P<now>\d+) {_CHANGED}",
        "fans_won_change": rf"new fans: (?P<now>\d+) {_CHANGED}",
        "shares_change": rf"shares: (?P<now>\d+) {_CHANGED}",
        "teams_change": rf"teams opened: (?P<now>\d+) {_CHANGED}",
        "tickets": rf"support tickets: (?P<now>\d+) {_28}",
        "fans_lost": rf"fans lost: (?P<now>\d+) {_28}",
        "tenure": rf"on the platform for {_DAYS}",
    }.items()
}
TOPICS = ("orders", "logins", "revenue", "features", "fans_won", "shares", "teams", "tickets", "fans_lost", "tenure", "other")
QUIET_DAYS = 7  # without an order or a login that are worth a word
FALLEN = 0.7  # of the revenue of the 28 days before


@dataclass(frozen=True)
class Reason:
    """Why a merchant needs a call: what it is about, and the sentence."""

    topic: str
    text: str


def reasons(row: Mapping[str, Any], words: Words) -> list[Reason]:
    """At most three: the model's, the strongest first, then plain ones about what it does not speak of.

    Args:
        row: reason_1 to reason_3, days_since_last_order, days_since_last_login, revenue_28d, revenue_prev_28d.
    """
    found = [translate(row[f"reason_{rank}"], words) for rank in (1, 2, 3) if row[f"reason_{rank}"]]
    topics = {reason.topic for reason in found}
    return [*found, *(reason for reason in _plain(row, words) if reason.topic not in topics)][:3]


def translate(sentence: str, words: Words) -> Reason:
    """A sentence of the mart in the language of `words`."""
    for name, pattern in PATTERNS.items():
        if match := pattern.fullmatch(sentence):
            values: dict[str, str] = {key: value for key, value in match.groupdict().items() if key in ("now", "before")}
            if "days" in pattern.groupindex:
                values["days"] = words.days(int(match["days"] or 1))
            if "gap" in pattern.groupindex:
                values["gap"] = words("unit.every_day") if match["gap"] is None else words.days(int(match["gap"]))
            return Reason(_topic(name), words(f"reason.{name}", **values))
    return Reason("other", sentence)


def _topic(name: str) -> str:
    return next(topic for topic in TOPICS if name == topic or name.startswith(f"{topic}_"))


def _plain(row: Mapping[str, Any], words: Words) -> list[Reason]:
    plain = []
    now, before = row["revenue_28d"], row["revenue_prev_28d"]
    if before and before > 0 and float(now) < FALLEN * float(before):
        plain.append(Reason("revenue", words("reason.revenue_change", now=money(now), before=money(before))))
    for topic, days in (("orders", row["days_since_last_order"]), ("logins", row["days_since_last_login"])):
        if days is None:
            plain.append(Reason(topic, words(f"reason.{topic}_never")))
        elif days >= QUIET_DAYS:
            plain.append(Reason(topic, words(f"reason.{topic}_silent", days=words.days(days))))
    return plain
