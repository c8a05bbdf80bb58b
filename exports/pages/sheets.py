"""The tables that people read, the same in workbook and report: their columns, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from exports.pages.figures import Call, Merchant, Row
from exports.pages.words import Words, percent
from exports.policy.names import readable

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
class SheetColumn:
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
    columns: tuple[SheetColumn, ...]
    rows: list[tuple[Value, ...]]


_MERCHANT = (SheetColumn("name", Form.LONG_TEXT, 22), SheetColumn("merchant_id", Form.TEXT, 13))


def today(calls: Sequence[Call], words: Words) -> Sheet:
    columns = (
        SheetColumn("rank", Form.COUNT, 5),
        *_MERCHANT,
        SheetColumn("stage", Form.TEXT, 11),
        SheetColumn("since", Form.DAY, 13),
        SheetColumn("churn_probability", Form.SHARE, 10),
        SheetColumn("at_stake", Form.MONEY, 13),
        SheetColumn("revenue_365d", Form.MONEY, 13),
        SheetColumn("reason_1", Form.LONG_TEXT, 28),
        SheetColumn("reason_2", Form.LONG_TEXT, 26),
        SheetColumn("reason_3", Form.LONG_TEXT, 26),
        SheetColumn("next_step", Form.LONG_TEXT, 42),
        SheetColumn("changed", Form.LONG_TEXT, 22),
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
        "stage": SheetColumn("stage", Form.TEXT, 11),
        "churn_probability": SheetColumn("churn_probability", Form.SHARE, 10),
        "fans": SheetColumn("fans", Form.COUNT, 9),
        "revenue_per_fan": SheetColumn("revenue_per_fan", Form.MONEY, 14),
        "revenue_28d": SheetColumn("revenue_28d", Form.MONEY, 14),
        "revenue_prev_28d": SheetColumn("revenue_prev_28d", Form.MONEY, 14),
        "growth_month": SheetColumn("growth_month", Form.TEXT, 9),
        "month_change": SheetColumn("month_change", Form.MONEY, 13),
        "user_effect": SheetColumn("user_effect", Form.MONEY, 13),
        "per_fan_effect": SheetColumn("per_fan_effect", Form.MONEY, 13),
        "retention": SheetColumn("retention", Form.SHARE, 11),
        "teams_closed": SheetColumn("teams_closed", Form.COUNT, 9),
        "formation_rate": SheetColumn("formation_rate", Form.SHARE, 9),
        "shares": SheetColumn("shares", Form.COUNT, 10),
        "opens": SheetColumn("opens", Form.COUNT, 10),
        "revenue_led": SheetColumn("revenue_led", Form.MONEY, 13),
    }
    rows: list[tuple[Value, ...]] = []
    for merchant in merchants:
        row = merchant.overview | {"stage": words(f"stage.{merchant.overview['stage']}")}
        rows.append((row["name"], row["merchant_id"], *(row[name] for name in fields)))
    return Sheet("merchants", (*_MERCHANT, *fields.values()), rows)


def regions(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "region": SheetColumn("region", Form.TEXT, 10),
        "opened": SheetColumn("opened", Form.COUNT, 9),
        "open_at_as_of": SheetColumn("still_open", Form.COUNT, 9),
        "closed": SheetColumn("closed", Form.COUNT, 9),
        "formed_organic": SheetColumn("formed", Form.COUNT, 9),
        "formed_auto_filled": SheetColumn("auto_filled", Form.COUNT, 12),
        "failed": SheetColumn("failed", Form.COUNT, 9),
        "formation_rate": SheetColumn("formation_rate", Form.SHARE, 9),
        "formation_rate_lo": SheetColumn("rate_lo", Form.SHARE, 9),
        "formation_rate_hi": SheetColumn("rate_hi", Form.SHARE, 9),
        "people": SheetColumn("people", Form.COUNT, 9),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"region": words.region(row["region"])} for row in merchant.regions]

    return _of_each("regions", merchants, of, fields)


def leaders(merchants: Iterable[Merchant]) -> Sheet:
    fields = {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "opened": SheetColumn("teams", Form.COUNT, 9),
        "open_at_as_of": SheetColumn("still_open", Form.COUNT, 9),
        "formed_organic": SheetColumn("formed", Form.COUNT, 9),
        "formed_auto_filled": SheetColumn("auto_filled", Form.COUNT, 12),
        "failed": SheetColumn("failed", Form.COUNT, 9),
        "last_opened_date": SheetColumn("last_opened", Form.DAY, 13),
    }
    return _of_each("leaders", merchants, lambda merchant: merchant.leaders, fields)


def spreaders(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "revenue_led": SheetColumn("revenue_led", Form.MONEY, 13),
        "shares": SheetColumn("shares", Form.COUNT, 10),
        "openers": SheetColumn("openers", Form.COUNT, 10),
        "connects": SheetColumn("connector", Form.TEXT, 12),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"connects": words("unit.yes") if row["is_connector"] else None} for row in merchant.spreaders]

    return _of_each("spreaders", merchants, of, fields)


def groups(merchants: Iterable[Merchant], words: Words) -> Sheet:
    fields = {
        "group_id": SheetColumn("group", Form.TEXT, 14),
        "kind": SheetColumn("kind", Form.TEXT, 11),
        "members": SheetColumn("members", Form.COUNT, 9),
        "last_message_date": SheetColumn("last_message", Form.DAY, 13),
        "silent_days": SheetColumn("silent_days", Form.COUNT, 9),
        "messages_7d": SheetColumn("messages_7d", Form.COUNT, 11),
        "messages_prev_7d": SheetColumn("messages_prev_7d", Form.COUNT, 11),
    }

    def of(merchant: Merchant) -> list[Row]:
        return [row | {"kind": words(f"kind.{row['kind']}")} for row in merchant.groups]

    return _of_each("groups", merchants, of, fields)


def _of_each(
    name: str, merchants: Iterable[Merchant], rows_of: Callable[[Merchant], list[Row]], fields: dict[str, SheetColumn]
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
