"""The tables that people read, the same in workbook and report: their columns, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from exports.figures import Call, Merchant, Row
from exports.names import readable
from exports.words import Words, percent

Value = str | int | float | Decimal | date | bool | None


class Form(StrEnum):
    """How a column is written."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"


@dataclass(frozen=True)
class Column:
    """A column: the name of its word, and its form."""

    word: str
    form: Form
    width: int = 12

    @property
    def is_number(self) -> bool:
        return self.form in (Form.COUNT, Form.MONEY, Form.SHARE)


@dataclass(frozen=True)
class Sheet:
    """A table: the name of its title, its columns, its rows."""

    name: str
    columns: tuple[Column, ...]
    rows: list[tuple[Value, ...]]


_MERCHANT = (Column("name", Form.LONG_TEXT, 22), Column("merchant_id", Form.TEXT, 13))


def today(calls: Sequence[Call], words: Words) -> Sheet:
    columns = (
        Column("rank", Form.COUNT, 5),
        *_MERCHANT,
        Column("stage", Form.TEXT, 11),
        Column("since", Form.DAY, 13),
        Column("churn_probability", Form.SHARE, 10),
        Column("at_stake", Form.MONEY, 13),
        Column("revenue_365d", Form.MONEY, 13),
        Column("reason_1", Form.LONG_TEXT, 28),
        Column("reason_2", Form.LONG_TEXT, 26),
        Column("reason_3", Form.LONG_TEXT, 26),
        Column("next_step", Form.LONG_TEXT, 42),
        Column("changed", Form.LONG_TEXT, 22),
    )
    rows: list[tuple[Value, ...]] = []
    for call in calls:
        row = call.overview
        why = [reason.text for reason in call.reasons] + [None] * (3 - len(call.reasons))
        rows.append(
            (
                row["rank"],
                row["name"],
                row["merchant_id"],
                words(f"stage.{row['stage']}"),
                row["since"],
                row["churn_probability"],
                row["at_stake"],
                row["revenue_365d"],
                *why,
                call.next_step,
                call.changed,
            )
        )
    return Sheet("today", columns, rows)


def overview(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "stage": Column("stage", Form.TEXT, 11),
        "churn_probability": Column("churn_probability", Form.SHARE, 10),
        "fans": Column("fans", Form.COUNT, 9),
        "revenue_per_fan": Column("revenue_per_fan", Form.MONEY, 14),
        "revenue_28d": Column("revenue_28d", Form.MONEY, 14),
        "revenue_prev_28d": Column("revenue_prev_28d", Form.MONEY, 14),
        "growth_month": Column("growth_month", Form.TEXT, 9),
        "month_change": Column("month_change", Form.MONEY, 13),
        "user_effect": Column("user_effect", Form.MONEY, 13),
        "per_fan_effect": Column("per_fan_effect", Form.MONEY, 13),
        "retention": Column("retention", Form.SHARE, 11),
        "teams_closed": Column("teams_closed", Form.COUNT, 9),
        "formation_rate": Column("formation_rate", Form.SHARE, 9),
        "shares": Column("shares", Form.COUNT, 10),
        "opens": Column("opens", Form.COUNT, 10),
        "revenue_led": Column("revenue_led", Form.MONEY, 13),
    }
    rows: list[tuple[Value, ...]] = []
    for merchant in merchants:
        row = merchant.overview | {"stage": words(f"stage.{merchant.overview['stage']}")}
        rows.append((row["name"], row["merchant_id"], *(row[name] for name in fields)))
    return Sheet("merchants", (*_MERCHANT, *fields.values()), rows)


def regions(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "region": Column("region", Form.TEXT, 10),
        "opened": Column("opened", Form.COUNT, 9),
        "open_at_as_of": Column("still_open", Form.COUNT, 9),
        "closed": Column("closed", Form.COUNT, 9),
        "formed_organic": Column("formed", Form.COUNT, 9),
        "formed_auto_filled": Column("auto_filled", Form.COUNT, 12),
        "failed": Column("failed", Form.COUNT, 9),
        "formation_rate": Column("formation_rate", Form.SHARE, 9),
        "formation_rate_lo": Column("rate_lo", Form.SHARE, 9),
        "formation_rate_hi": Column("rate_hi", Form.SHARE, 9),
        "people": Column("people", Form.COUNT, 9),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"region": words.region(row["region"])} for row in merchant.regions]

    return _of_each("regions", merchants, of, fields)


def leaders(merchants: Iterable[Merchant]) -> Sheet:
    fields = {
        "fan": Column("fan", Form.TEXT, 18),
        "opened": Column("teams", Form.COUNT, 9),
        "open_at_as_of": Column("still_open", Form.COUNT, 9),
        "formed_organic": Column("formed", Form.COUNT, 9),
        "formed_auto_filled": Column("auto_filled", Form.COUNT, 12),
        "failed": Column("failed", Form.COUNT, 9),
        "last_opened_date": Column("last_opened", Form.DAY, 13),
    }
    return _of_each("leaders", merchants, lambda merchant: merchant.leaders, fields)


def spreaders(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "fan": Column("fan", Form.TEXT, 18),
        "revenue_led": Column("revenue_led", Form.MONEY, 13),
        "shares": Column("shares", Form.COUNT, 10),
        "openers": Column("openers", Form.COUNT, 10),
        "connects": Column("connector", Form.TEXT, 12),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"connects": words("unit.yes") if row["is_connector"] else None} for row in merchant.spreaders]

    return _of_each("spreaders", merchants, of, fields)


def groups(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "group_id": Column("group", Form.TEXT, 14),
        "kind": Column("kind", Form.TEXT, 11),
        "members": Column("members", Form.COUNT, 9),
        "last_message_date": Column("last_message", Form.DAY, 13),
        "silent_days": Column("silent_days", Form.COUNT, 9),
        "messages_7d": Column("messages_7d", Form.COUNT, 11),
        "messages_prev_7d": Column("messages_prev_7d", Form.COUNT, 11),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"kind": words(f"kind.{row['kind']}")} for row in merchant.groups]

    return _of_each("groups", merchants, of, fields)


def _of_each(
    name: str, merchants: Iterable[Merchant], rows_of: Callable[[Merchant], list[Row]], fields: dict[str, Column]
) -> Sheet:
    """A sheet with several rows a merchant."""
    rows: list[tuple[Value, ...]] = []
    for merchant in merchants:
        owner = (merchant.name, merchant.overview["merchant_id"])
        rows += [(*owner, *(row[field] for field in fields)) for row in rows_of(merchant)]
    return Sheet(name, (*_MERCHANT, *fields.values()), rows)


def written(value: Value, form: Form, words: Words) -> str:
    """A value as a report writes it."""
    if value is None:
        return "–"
    match form:
        case Form.MONEY | Form.COUNT:
            return words.number(value)  # type: ignore[arg-type]
        case Form.SHARE:
            return percent(float(value))  # type: ignore[arg-type]
        case _:
            return readable(str(value))
