"""Why a merchant needs a call, in words: what put it on the list, then what else the churn model saw, then what is plain.

The mart has the model's reasons as data (`merchant_overview.reasons`); here they get the words of a language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from exports.packs.export_day import ExportDay
from exports.pages.words import Words, money, percent
from exports.policy.allow_list import OVERVIEW

SHOWN = 3
_QUIET_DAYS = 7  # without an order or a login that are worth a word
_MODEL = ("orders", "logins", "revenue", "features", "fans_won", "shares", "teams", "tickets", "fans_lost")
TOPICS = ("left", "first_order", "sales_stopped", *_MODEL, "risk")  # what a row of the playbook may be about
_COVERED = {"left": {"orders", "logins"}, "first_order": {"orders"}, "sales_stopped": {"revenue"}}


@dataclass(frozen=True)
class Reason:
    """Why a merchant needs a call: what it is about (of `TOPICS`), and the sentence."""

    topic: str
    text: str


def reasons(row: Mapping[str, Any], words: Words) -> list[Reason]:
    """At most three, each about something else.

    Args:
        row: of the mart `merchant_overview`: a merchant with the rules that put it on the list.
    """

    def different() -> Iterator[Reason]:
        told: set[str] = set()
        for reason in (*_of_the_list(row, words), *_of_the_model(row, words), *_plain(row, words)):
            about = _COVERED.get(reason.topic, {reason.topic})
            if not about & told:
                yield reason
            told |= about

    return list(islice(different(), SHOWN))


def tell_reasons(day: ExportDay, words: Words) -> None:
    """Give the calls of a day, and of the one that it is compared with, their reasons in words."""
    for db in day.catalogs:
        rows = day.rows(f"from {db}.marts.{OVERVIEW} where rank is not null")
        told = [reasons(row, words) for row in rows]
        columns = {
            "merchant_id": pa.array([row["merchant_id"] for row in rows], pa.string()),
            "topics": pa.array([[reason.topic for reason in why] for why in told], pa.list_(pa.string())),
        }
        for rank in range(SHOWN):
            texts = [why[rank].text if rank < len(why) else None for why in told]
            columns[f"reason_{rank + 1}"] = pa.array(texts, pa.string())
        day.con.register("told", pa.table(columns))
        day.con.execute(f"insert into reasons_{db} by name from told")
        day.con.unregister("told")


def _of_the_list(row: Mapping[str, Any], words: Words) -> Iterator[Reason]:
    """A reason for each rule that puts the merchant on the list."""
    if row["has_left"]:
        silences = {topic: _silence(topic, row[f"days_since_last_{topic[:-1]}"], words).text for topic in ("orders", "logins")}
        yield Reason("left", words("reason.left", **silences))
    if row["has_not_sold"]:
        yield Reason("first_order", words("reason.first_order", days=words.days(row["days_since_start"])))
    if row["is_churn_flagged"]:
        yield from islice(_of_the_model(row, words), 1)
    if row["has_fallen"]:
        yield _told({"topic": "revenue", "now": row["revenue_28d"], "before": row["revenue_prev_28d"]}, words)
    if row["is_churn_flagged"] and not row["reasons"]:
        yield Reason("risk", words("reason.risk", risk=percent(row["churn_probability"])))


def _of_the_model(row: Mapping[str, Any], words: Words) -> Iterator[Reason]:
    return (_told(reason, words) for reason in row["reasons"])


def _plain(row: Mapping[str, Any], words: Words) -> Iterator[Reason]:
    for topic, days in (("orders", row["days_since_last_order"]), ("logins", row["days_since_last_login"])):
        if days is None or days >= _QUIET_DAYS:
            yield _silence(topic, days, words)


def _silence(topic: str, days: int | None, words: Words) -> Reason:
    return _told({"topic": topic, "days": days}, words)


def _told(reason: Mapping[str, Any], words: Words) -> Reason:
    """A reason that came as data, in words."""
    topic: str = reason["topic"]
    days, gap, now, before = (reason.get(name) for name in ("days", "gap", "now", "before"))
    if now is not None and before is not None:
        text = words(f"reason.{topic}_change", now=money(now), before=money(before))
        return Reason("sales_stopped" if topic == "revenue" and now <= 0 else topic, text)
    if now is not None:
        return Reason(topic, words(f"reason.{topic}", now=money(now)))
    if days is None:
        return Reason(topic, words(f"reason.{topic}_never"))
    if gap is None:
        return Reason(topic, words(f"reason.{topic}_silent", days=words.days(days)))
    every = words("unit.every_day") if gap == 1 else words.days(gap)
    return Reason(topic, words(f"reason.{topic}_overdue", days=words.days(days), gap=every))
