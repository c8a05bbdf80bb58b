"""The tables that people read, the same in workbook and report: their columns, and their rows.

A table of several rows a merchant is declared once, in `TABLES`: it gets a sheet of the workbook and a section of the page of a
merchant. The page of a manager names no people, so it has those that name none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from contract.success import RULES
from contract.values import GROUP_AXES
from exports.packs.export_day import Published
from exports.pages.figures import Call, Merchant
from exports.pages.reference import LeadReference
from exports.pages.words import Words, percent
from exports.policy.allow_list import MANAGER_TABLES, Table
from exports.policy.names import readable
from exports.policy.people import SMALLEST_CELL

Value = str | int | float | Decimal | date | bool | None


class Form(StrEnum):
    """How a column is written."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"


class Use(StrEnum):
    """What a column is for."""

    READ = "read"
    INPUT = "input"  # empty, for the reader to fill in
    HIDDEN = "hidden"  # for the machine that reads a returned sheet


@dataclass(frozen=True)
class SheetColumn:
    """A column: the name of its word, its form, what it is for, and its head where that is no word."""

    word: str
    form: Form
    width: int = 12
    use: Use = Use.READ
    head: str = ""

    @property
    def is_number(self) -> bool:
        return self.form in (Form.COUNT, Form.MONEY, Form.SHARE)


class Mark(StrEnum):
    """What makes the cells of a column speak in a workbook."""

    RISK = "risk"  # the higher the redder
    RATE = "rate"  # from red to green
    SIGN = "sign"  # red below zero, green above
    BAR = "bar"
    LIGHT = "light"  # the words of red, yellow and green


@dataclass(frozen=True)
class Sheet:
    """A table: the name of its title, its columns, its rows, and what its cells are marked by, by word of the column."""

    name: str
    columns: tuple[SheetColumn, ...]
    rows: list[tuple[Value, ...]]
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetTable:
    """A table of several rows a merchant.

    Attributes:
        name: of the table of the allow-list that it shows, and of its words: `sheet.<name>`, `title.<name>_note`.
        columns: by column of that table.
        marks: by word of the column.
        in_words: how columns of codes are written.
        of_row: how a column that tells of several is written, by the row.
        is_for_merchants: whether the page of the merchant has it; where it judges people who work there, its manager's alone.

    Where the table has a column in the reader's language beside one, such as `advice_zh` beside `advice`, that one is shown.
    The name that a fan chose is whole on the page of the merchant, which may contact the fan, and masked elsewhere.
    """

    name: str
    columns: Mapping[str, SheetColumn]
    marks: Mapping[str, Mark] = field(default_factory=dict)
    in_words: Mapping[str, Callable[[Any, Words], Value]] = field(default_factory=dict)
    of_row: Mapping[str, Callable[[Mapping[str, Any], Words], Value]] = field(default_factory=dict)
    is_for_merchants: bool = True

    @property
    def allowed(self) -> Table:
        """What of it may leave."""
        return next(table for table in MANAGER_TABLES if table.name == self.name)

    def note(self, words: Words) -> str:
        return words(
            f"title.{self.name}_note",
            limit=self.allowed.most,
            people=SMALLEST_CELL,
            days=RULES["product_days"],
            asleep=RULES["asleep_days"],
            months=RULES["channel_months"],
            few=RULES["channel_people"],
            touches=RULES["lead_touches"],
        )

    def sheet(self, merchants: Iterable[Merchant], words: Words, *, for_merchant: bool = False) -> Sheet:
        """Its rows, merchant by merchant."""
        rows: list[tuple[Value, ...]] = []
        shown = None  # the same of all rows
        whole = [(place, self.of_row[name]) for place, name in enumerate(self.columns) if name in self.of_row]
        for merchant in merchants:
            owner = (merchant.name, merchant.overview["merchant_id"])
            for row in merchant.tables[self.name]:
                if shown is None:
                    shown = self._shown(row, words, for_merchant)
                told = [row[name] if tell is None else tell(row[name], words) for name, tell in shown]
                for place, tell_of in whole:
                    told[place] = tell_of(row, words)
                rows.append((*owner, *told))
        return Sheet(self.name, (*_MERCHANT, *self.columns.values()), rows, self.marks)

    def _shown(
        self, row: Mapping[str, Any], words: Words, for_merchant: bool
    ) -> list[tuple[str, Callable[[Any, Words], Value] | None]]:
        """What stands in each column: a name of the row, and how it is put into words if it is."""
        instead = {name: f"{name}_{words.language}" for name in self.columns if f"{name}_{words.language}" in row}
        if for_merchant:
            instead["masked_name"] = "display_name"
        return [(instead.get(name, name), self.in_words.get(name)) for name in self.columns]


_MERCHANT = (SheetColumn("name", Form.LONG_TEXT, 22), SheetColumn("merchant_id", Form.TEXT, 13))
_COLOURS = tuple(f"{axis}_colour" for axis in GROUP_AXES)


def _axis(axis: str | None, words: Words) -> str | None:
    return None if axis is None else words(f"axis.{axis}")


def _causes(row: Mapping[str, Any], words: Words) -> str:
    """Why a group is to be revived, and which axes are red."""
    red = [words(f"axis.{axis}") for axis in GROUP_AXES if row[f"{axis}_colour"] == "red"]
    told = (words(f"group_cause.{cause}", axes=words("unit.comma").join(red)) for cause in row["causes"].split())
    return words("unit.between").join(told)


TREND = "trend"  # the column of Today in which a sparkline stands
# What of a call every list has to fill in, and by what a row of a returned sheet is recognised.
_CALLED = (SheetColumn("called_on", Form.DAY, 13, Use.INPUT), SheetColumn("result", Form.TEXT, 14, Use.INPUT))
_REFERENCE = SheetColumn("reference", Form.TEXT, 10, Use.HIDDEN)
# The list of calls: what is printed, what is good to know, and last the columns for the manager to fill in.
PRINTED = (
    SheetColumn("rank", Form.COUNT, 5),
    *_MERCHANT,
    SheetColumn("on_list", Form.TEXT, 9),
    SheetColumn("stage", Form.TEXT, 10),
    SheetColumn("churn_probability", Form.SHARE, 9),
    SheetColumn("at_stake", Form.MONEY, 13),
    SheetColumn(TREND, Form.TEXT, 14),
    SheetColumn("reasons", Form.LONG_TEXT, 40),
    SheetColumn("next_step", Form.LONG_TEXT, 38),
)
TODAY = (
    *PRINTED,
    SheetColumn("plan", Form.TEXT, 10),
    SheetColumn("since", Form.DAY, 13),
    SheetColumn("revenue_365d", Form.MONEY, 13),
    SheetColumn("best_product", Form.LONG_TEXT, 16),
    SheetColumn("tickets", Form.COUNT, 9),
    SheetColumn("changed", Form.LONG_TEXT, 22),
    SheetColumn("why_today", Form.LONG_TEXT, 28),
    *_CALLED,
    SheetColumn("next_on", Form.DAY, 13, Use.INPUT),
    SheetColumn("note", Form.LONG_TEXT, 36, Use.INPUT),
    _REFERENCE,
)
# The tables below the list, in its columns.
_OFF_LIST = (
    *PRINTED[:3],
    SheetColumn("plan", Form.TEXT, 9),
    *PRINTED[4:6],
    SheetColumn("snoozed_until", Form.DAY, 13),
    SheetColumn("at_stake", Form.MONEY, 14),
    SheetColumn("off_list", Form.LONG_TEXT, 40),
)


def why_today(merchant: Merchant, words: Words) -> str | None:
    """What moved payments most, of a merchant whose payments of the day fell out of what was to be expected."""
    cause = next(iter(merchant.tables[RED.name]), None)
    if cause is None:
        return None
    paid, expected = words.number(cause["paid"]), words.number(cause["paid_expected"])
    return words("diagnosis.today", cause=words(f"cause.{cause['cause']}"), paid=paid, expected=expected)


def today(calls: Sequence[Call], words: Words) -> Sheet:
    inputs = [None] * sum(column.use is Use.INPUT for column in TODAY)
    rows: list[tuple[Value, ...]] = []
    for call in calls:
        row = call.overview
        rows.append(
            (
                row["rank"],
                row["name"],
                row["merchant_id"],
                on_list(row, words),
                words(f"stage.{row['stage']}"),
                row["churn_probability"],
                row["at_stake"],
                None,  # where the workbook draws the weeks
                words("unit.between").join(reason.text for reason in call.reasons),
                call.next_step,
                row["plan"],
                row["since"],
                row["revenue_365d"],
                call.merchant.best_product,
                call.merchant.tickets["tickets"] if call.merchant.tickets else None,
                call.changed,
                why_today(call.merchant, words),
                *inputs,
                str(call.reference),
            )
        )
    return Sheet("today", TODAY, rows, {"churn_probability": Mark.RISK, "at_stake": Mark.BAR})


def today_note(calls: int, merchants: Sequence[Merchant], words: Words) -> str:
    """How the list came about, and whom it leaves out on purpose."""
    note = words("title.today_note", calls=calls, merchants=len(merchants)) if calls else words("title.nobody")
    held_out = sum(merchant.overview["is_held_out"] for merchant in merchants)
    return f"{note} {words('title.today_held_out', held_out=held_out)}" if held_out else note


def on_list(row: Mapping[str, Any], words: Words) -> str:
    """Since when a merchant is on the list."""
    days = row["days_on_list"]
    return words("list.new") if days == 1 else words("list.day", n=days)


def off_list(merchants: Iterable[Merchant], words: Words) -> Sheet:
    """Who was on the list last time and is not today, and why."""
    left = [merchant for merchant in merchants if merchant.overview["left_list_on"] is not None]
    return _not_listed("off_list", left, [merchant.overview["left_list_reason"] for merchant in left], words)


def snoozed(merchants: Iterable[Merchant], words: Words) -> Sheet:
    """Who is to be called again on a later day, the next first; without those who left the list for it today."""
    found = [one for one in merchants if one.overview["snoozed_until"] is not None and one.overview["left_list_on"] is None]
    found.sort(key=lambda merchant: (merchant.overview["snoozed_until"], merchant.overview["merchant_id"]))
    return _not_listed("snoozed", found, ["snoozed"] * len(found), words)


def _not_listed(name: str, merchants: Sequence[Merchant], reasons: Sequence[str], words: Words) -> Sheet:
    rows: list[tuple[Value, ...]] = []
    for number, (merchant, reason) in enumerate(zip(merchants, reasons, strict=True), 1):
        row = merchant.overview
        figures = (row["churn_probability"], row["snoozed_until"], row["at_stake"])
        why = words(f"list.{reason}", **RULES)
        rows.append((number, row["name"], row["merchant_id"], row["plan"], words(f"stage.{row['stage']}"), *figures, why))
    return Sheet(name, _OFF_LIST, rows)


def weeks(merchants: Iterable[Merchant], ends: Sequence[date]) -> Sheet:
    """Revenue by week, the oldest first; a column is named by the day with which its week ends."""
    columns = (*_MERCHANT, *(SheetColumn(f"week_{end}", Form.MONEY, 10, head=f"{end:%m-%d}") for end in ends))
    rows: list[tuple[Value, ...]] = [
        (merchant.name, merchant.overview["merchant_id"], *merchant.weeks) for merchant in merchants
    ]
    return Sheet("weeks", columns, rows)


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
    effects = dict.fromkeys(("month_change", "user_effect", "per_fan_effect"), Mark.SIGN)
    rates = dict.fromkeys(("retention", "formation_rate"), Mark.RATE)
    marks = {"churn_probability": Mark.RISK} | effects | rates
    return Sheet("merchants", (*_MERCHANT, *fields.values()), rows, marks)


RED = SheetTable(
    "red_merchants",
    {
        "paid": SheetColumn("paid_today", Form.MONEY, 12),
        "paid_expected": SheetColumn("paid_expected", Form.MONEY, 12),
        "paid_change": SheetColumn("paid_change", Form.MONEY, 12),
        "cause": SheetColumn("cause", Form.LONG_TEXT, 26),
        "cause_change": SheetColumn("cause_change", Form.MONEY, 12),
        "advice": SheetColumn("advice", Form.LONG_TEXT, 48),
    },
    {"paid_change": Mark.SIGN},
    {"cause": lambda cause, words: words(f"cause.{cause}")},
)
REGIONS = SheetTable(
    "regions",
    {
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
    },
    {"formation_rate": Mark.RATE},
    {"region": lambda code, words: words.region(code)},
)
LEADERS = SheetTable(
    "leaders",
    {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "opened": SheetColumn("teams", Form.COUNT, 9),
        "open_at_as_of": SheetColumn("still_open", Form.COUNT, 9),
        "formed_organic": SheetColumn("formed", Form.COUNT, 9),
        "formed_auto_filled": SheetColumn("auto_filled", Form.COUNT, 12),
        "failed": SheetColumn("failed", Form.COUNT, 9),
        "last_opened_date": SheetColumn("last_opened", Form.DAY, 13),
    },
)
SPREADERS = SheetTable(
    "spreaders",
    {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "revenue_led": SheetColumn("revenue_led", Form.MONEY, 13),
        "shares": SheetColumn("shares", Form.COUNT, 10),
        "openers": SheetColumn("openers", Form.COUNT, 10),
        "is_connector": SheetColumn("connector", Form.TEXT, 12),
    },
    {"revenue_led": Mark.BAR},
    {"is_connector": lambda connects, words: words("unit.yes") if connects else None},
)
WAKE = SheetTable(
    "fans_to_wake",
    {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "last_product": SheetColumn("last_product", Form.LONG_TEXT, 22),
        "last_order_date": SheetColumn("last_order", Form.DAY, 13),
        "orders": SheetColumn("orders", Form.COUNT, 9),
        "revenue": SheetColumn("brought", Form.MONEY, 13),
        "expected_value_365d": SheetColumn("expected_value", Form.MONEY, 13),
    },
    {"expected_value": Mark.BAR},
)
PRODUCTS = SheetTable(
    "products",
    {
        "rank": SheetColumn("rank", Form.COUNT, 5),
        "title": SheetColumn("product", Form.LONG_TEXT, 24),
        "orders": SheetColumn("orders", Form.COUNT, 9),
        "buyers": SheetColumn("buyers", Form.COUNT, 9),
        "sold_value": SheetColumn("sold_value", Form.MONEY, 13),
        "orders_via_shares": SheetColumn("orders_via_shares", Form.COUNT, 11),
        "shares": SheetColumn("product_shares", Form.COUNT, 9),
        "opens": SheetColumn("opens", Form.COUNT, 9),
        "pins": SheetColumn("pins", Form.COUNT, 9),
    },
    {"sold_value": Mark.BAR},
)
LEAKS = SheetTable(
    "leaking_pages",
    {
        "rank": SheetColumn("rank", Form.COUNT, 5),
        "title": SheetColumn("page", Form.LONG_TEXT, 24),
        "object_type": SheetColumn("kind", Form.TEXT, 11),
        "journeys": SheetColumn("visits", Form.COUNT, 9),
        "exits": SheetColumn("exits", Form.COUNT, 9),
        "exit_rate": SheetColumn("exit_rate", Form.SHARE, 9),
        "other_exit_rate": SheetColumn("other_exit_rate", Form.SHARE, 11),
        "paid_journeys": SheetColumn("paid_visits", Form.COUNT, 9),
        "expected_paid_journeys": SheetColumn("expected_visits", Form.COUNT, 9),
        "missing_paid_journeys": SheetColumn("missing_visits", Form.COUNT, 9),
        "advice": SheetColumn("advice", Form.LONG_TEXT, 46),
    },
    {"exit_rate": Mark.RISK, "missing_visits": Mark.BAR},
    {
        "object_type": lambda kind, words: words.page_kind(kind),
        "advice": lambda advice, words: words(f"leak.{advice}"),
    },
)
CHANNELS = SheetTable(
    "channels",
    {
        "channel": SheetColumn("channel", Form.LONG_TEXT, 14),
        "verdict": SheetColumn("verdict", Form.LONG_TEXT, 46),
        "arrivals": SheetColumn("arrivals", Form.COUNT, 9),
        "buyers": SheetColumn("arrived_buyers", Form.COUNT, 9),
        "conversion": SheetColumn("conversion", Form.SHARE, 10),
        "repurchase_rate": SheetColumn("repurchase_rate", Form.SHARE, 10),
        "revenue": SheetColumn("channel_revenue", Form.MONEY, 13),
        "spend": SheetColumn("spend", Form.MONEY, 12),
        "roi": SheetColumn("roi", Form.SHARE, 9),
    },
    {"conversion": Mark.RATE, "repurchase_rate": Mark.RATE, "roi": Mark.SIGN},
    {
        "channel": lambda channel, words: words.texts.get(f"channel.{channel}", channel),
        "verdict": lambda verdict, words: words(f"channel_verdict.{verdict}"),
    },
)
FAN_STATEMENT = SheetTable(
    "fan_statement",
    {
        "month": SheetColumn("month", Form.TEXT, 9),
        "opening_fans": SheetColumn("opening_fans", Form.COUNT, 9),
        "won_direct": SheetColumn("won_direct", Form.COUNT, 9),
        "won_fission": SheetColumn("won_fission", Form.COUNT, 9),
        "regained": SheetColumn("regained", Form.COUNT, 9),
        "lost_unfollowed": SheetColumn("lost_unfollowed", Form.COUNT, 11),
        "lost_blocked": SheetColumn("lost_blocked", Form.COUNT, 9),
        "closing_fans": SheetColumn("closing_fans", Form.COUNT, 9),
        "active_fans": SheetColumn("active_fans", Form.COUNT, 9),
        "reachable_fans": SheetColumn("reachable_fans", Form.COUNT, 10),
        "reachable_share": SheetColumn("reachable_share", Form.SHARE, 10),
    },
    {"reachable_share": Mark.RATE},
)
GROUPS = SheetTable(
    "groups",
    {
        "rank": SheetColumn("rank", Form.COUNT, 5),
        "group_id": SheetColumn("group", Form.TEXT, 14),
        "causes": SheetColumn("group_causes", Form.LONG_TEXT, 34),
        "weakest_axis": SheetColumn("weakest_axis", Form.TEXT, 12),
        "health": SheetColumn("health", Form.COUNT, 9),
        "survival_colour": SheetColumn("survival_colour", Form.TEXT, 10),
        "activity_colour": SheetColumn("activity_colour", Form.TEXT, 10),
        "conversion_colour": SheetColumn("conversion_colour", Form.TEXT, 10),
        "growth_colour": SheetColumn("growth_colour", Form.TEXT, 10),
        "official_share": SheetColumn("official_share", Form.SHARE, 10),
        "kind": SheetColumn("kind", Form.TEXT, 11),
        "members": SheetColumn("members", Form.COUNT, 9),
        "last_message_date": SheetColumn("last_message", Form.DAY, 13),
        "silent_days": SheetColumn("silent_days", Form.COUNT, 9),
        "messages_7d": SheetColumn("messages_7d", Form.COUNT, 11),
        "messages_prev_7d": SheetColumn("messages_prev_7d", Form.COUNT, 11),
    },
    {"silent_days": Mark.RISK, "health": Mark.RATE} | dict.fromkeys(_COLOURS, Mark.LIGHT),
    {
        "weakest_axis": _axis,
        "kind": lambda kind, words: words(f"kind.{kind}"),
    }
    | dict.fromkeys(_COLOURS, lambda colour, words: colour and words(f"colour.{colour}")),
    {"causes": _causes},
)
OWNERS = SheetTable(
    "owners",
    {
        "fan": SheetColumn("owner", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "verdict": SheetColumn("verdict", Form.LONG_TEXT, 24),
        "mean_health": SheetColumn("mean_health", Form.COUNT, 10),
        "groups_alive": SheetColumn("groups_alive", Form.COUNT, 9),
        "groups_owned": SheetColumn("groups_owned", Form.COUNT, 9),
        "group_id": SheetColumn("weakest_group", Form.TEXT, 14),
        "health": SheetColumn("health", Form.COUNT, 9),
        "weakest_axis": SheetColumn("weakest_axis", Form.TEXT, 12),
        "sends_28d": SheetColumn("broadcasts", Form.COUNT, 11),
        "operator_hours_28d": SheetColumn("operator_hours", Form.COUNT, 11),
    },
    {"mean_health": Mark.RATE},
    {"verdict": lambda verdict, words: words(f"owner_verdict.{verdict}"), "weakest_axis": _axis},
    is_for_merchants=False,
)
SELLERS = SheetTable(
    "sellers_over_cap",
    {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "busiest_group_shares_30d": SheetColumn("shares_into_one_group", Form.COUNT, 13),
        "advised_cap": SheetColumn("advice", Form.LONG_TEXT, 44),
    },
    {"shares_into_one_group": Mark.BAR},
    of_row={
        "advised_cap": lambda row, words: words("seller.advice", cap=row["advised_cap"], shares=row["busiest_group_shares_30d"])
    },
)
INVITERS = SheetTable(
    "inviters",
    {
        "inviter_rank": SheetColumn("rank", Form.COUNT, 5),
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "invitees": SheetColumn("invitees", Form.COUNT, 9),
        "invitees_new": SheetColumn("invitees_new", Form.COUNT, 9),
        "invitees_adjusted": SheetColumn("invitees_adjusted", Form.COUNT, 11),
        "paid_invitees": SheetColumn("paid_invitees", Form.COUNT, 9),
        "invitee_revenue": SheetColumn("invitee_revenue", Form.MONEY, 13),
        "matured_invitees": SheetColumn("matured_invitees", Form.COUNT, 11),
        "retained_invitees": SheetColumn("retained_invitees", Form.COUNT, 11),
    },
    {"invitee_revenue": Mark.BAR},
)
PEOPLE_MONTHS = SheetTable(
    "people_months",
    {
        "month": SheetColumn("month", Form.TEXT, 9),
        "active_users": SheetColumn("active_users", Form.COUNT, 9),
        "new_users": SheetColumn("new_users", Form.COUNT, 9),
        "retained_users": SheetColumn("retained_users", Form.COUNT, 9),
        "resurrected_users": SheetColumn("resurrected_users", Form.COUNT, 11),
        "lost_users": SheetColumn("lost_users", Form.COUNT, 9),
        "retention_rate": SheetColumn("retention_rate", Form.SHARE, 10),
        "revenue_new": SheetColumn("revenue_new", Form.MONEY, 13),
        "revenue_retained": SheetColumn("revenue_retained", Form.MONEY, 13),
        "revenue_resurrected": SheetColumn("revenue_resurrected", Form.MONEY, 13),
        "revenue_other": SheetColumn("revenue_other", Form.MONEY, 13),
    },
    {"retention_rate": Mark.RATE},
)
CAMPAIGNS = SheetTable(
    "campaigns",
    {
        "campaign_id": SheetColumn("campaign", Form.TEXT, 16),
        "title": SheetColumn("campaign_title", Form.LONG_TEXT, 20),
        "verdict": SheetColumn("verdict", Form.LONG_TEXT, 22),
        "steps_missing": SheetColumn("steps_missing", Form.LONG_TEXT, 26),
        "orders": SheetColumn("orders", Form.COUNT, 9),
        "target_orders": SheetColumn("target_orders", Form.COUNT, 9),
        "revenue": SheetColumn("campaign_revenue", Form.MONEY, 13),
        "target_revenue": SheetColumn("target_revenue", Form.MONEY, 13),
        "spend": SheetColumn("spend", Form.MONEY, 13),
        "new_buyers": SheetColumn("new_buyers", Form.COUNT, 9),
        "uplift": SheetColumn("campaign_uplift", Form.SHARE, 9),
        "uplift_lo": SheetColumn("rate_lo", Form.SHARE, 9),
        "uplift_hi": SheetColumn("rate_hi", Form.SHARE, 9),
    },
    {"campaign_uplift": Mark.SIGN},
    {"verdict": lambda verdict, words: words(f"campaign.{verdict}")},
)
UNPAID_LIVES = SheetTable(
    "unpaid_lives",
    {
        "live_id": SheetColumn("live", Form.TEXT, 14),
        "started_date": SheetColumn("live_on", Form.DAY, 13),
        "channel": SheetColumn("channel", Form.LONG_TEXT, 14),
        "spend": SheetColumn("spend", Form.MONEY, 12),
        "direct_revenue": SheetColumn("direct_revenue", Form.MONEY, 13),
        "revenue": SheetColumn("revenue_with_spread", Form.MONEY, 13),
        "return_on_spend": SheetColumn("return_on_spend", Form.SHARE, 10),
        "arrivals": SheetColumn("live_arrivals", Form.COUNT, 9),
        "viewers": SheetColumn("live_viewers", Form.COUNT, 9),
        "orders": SheetColumn("orders", Form.COUNT, 9),
    },
    {"return_on_spend": Mark.RISK},
    {"channel": lambda channel, words: words.texts.get(f"channel.{channel}", channel)},
)
RED_PACKETS = SheetTable(
    "red_packets",
    {
        "city_tier": SheetColumn("city_tier", Form.TEXT, 11),
        "band": SheetColumn("band", Form.TEXT, 10),
        "packets": SheetColumn("packets", Form.COUNT, 9),
        "shared": SheetColumn("packets_shared", Form.COUNT, 9),
        "share_rate": SheetColumn("packet_share_rate", Form.SHARE, 9),
        "share_rate_isotonic": SheetColumn("rising_rate", Form.SHARE, 9),
        "cost": SheetColumn("packet_cost", Form.MONEY, 13),
        "orders": SheetColumn("orders", Form.COUNT, 9),
        "revenue": SheetColumn("packet_revenue", Form.MONEY, 13),
        "gain_per_packet": SheetColumn("gain_per_packet", Form.MONEY, 13),
        "is_optimum": SheetColumn("best_band", Form.TEXT, 12),
    },
    {"gain_per_packet": Mark.SIGN},
    {
        "city_tier": lambda tier, words: words.texts.get(f"city_tier.{tier}", tier),
        "is_optimum": lambda is_best, words: words("unit.best") if is_best else None,
    },
)
LEADS = SheetTable(
    "leads",
    {
        "fan": SheetColumn("fan", Form.TEXT, 18),
        "masked_name": SheetColumn("fan_name", Form.TEXT, 10),
        "advice": SheetColumn("advice", Form.LONG_TEXT, 24),
        "band": SheetColumn("lead_band", Form.TEXT, 9),
        "score": SheetColumn("lead_score", Form.COUNT, 9),
        "points_profile": SheetColumn("points_profile", Form.COUNT, 11),
        "points_watch": SheetColumn("points_watch", Form.COUNT, 11),
        "points_depth": SheetColumn("points_depth", Form.COUNT, 11),
        "points_login": SheetColumn("points_login", Form.COUNT, 11),
        "entry_source": SheetColumn("entry_source", Form.TEXT, 12),
        "last_behaviour_date": SheetColumn("last_behaviour", Form.DAY, 13),
        "touches": SheetColumn("touches", Form.COUNT, 9),
    },
    {"lead_score": Mark.BAR},
    {
        "advice": lambda advice, words: words(f"lead_advice.{advice}"),
        "band": lambda band, words: words(f"lead_band.{band}"),
        "entry_source": lambda source, words: words(f"entry_source.{source}"),
    },
)


def leads_to_call(merchants: Sequence[Merchant], published: Published, words: Words) -> Sheet:
    """The leads, with columns for who calls them to fill in."""
    sheet = LEADS.sheet(merchants, words)
    listed = [(merchant.overview, row["fan"]) for merchant in merchants for row in merchant.tables[LEADS.name]]
    rows: list[tuple[Value, ...]] = []
    for told, (overview, fan) in zip(sheet.rows, listed, strict=True):
        owner = (overview["manager"], overview["merchant_id"])
        rows.append((*told, None, None, str(LeadReference(published.as_of, published.version, *owner, fan))))
    return replace(sheet, columns=(*sheet.columns, *_CALLED, _REFERENCE), rows=rows)


OUTREACH = SheetTable(
    "outreach",
    {
        "month": SheetColumn("month", Form.TEXT, 9),
        "stratum": SheetColumn("stratum", Form.TEXT, 10),
        "value": SheetColumn("stratum_value", Form.TEXT, 14),
        "attempts": SheetColumn("attempts", Form.COUNT, 9),
        "matured": SheetColumn("outreach_people", Form.COUNT, 9),
        "accepted": SheetColumn("accepted", Form.COUNT, 9),
        "accepted_rate": SheetColumn("accepted_rate", Form.SHARE, 9),
        "accepted_rate_lo": SheetColumn("rate_lo", Form.SHARE, 9),
        "accepted_rate_hi": SheetColumn("rate_hi", Form.SHARE, 9),
        "opted_out": SheetColumn("opted_out", Form.COUNT, 9),
        "attempts_after_opt_out": SheetColumn("after_opt_out", Form.COUNT, 12),
    },
    {"accepted_rate": Mark.RATE},
    {
        "stratum": lambda stratum, words: words(f"stratum.{stratum}"),
        "value": lambda value, words: words.texts.get(f"stratum_value.{value}", value),
    },
)
REPRESENTATIVES = SheetTable(
    "representatives",
    {
        "month": SheetColumn("month", Form.TEXT, 9),
        "rep_id": SheetColumn("representative", Form.TEXT, 16),
        "verdict": SheetColumn("verdict", Form.LONG_TEXT, 24),
        "matured": SheetColumn("customers", Form.COUNT, 9),
        "purchased": SheetColumn("purchased", Form.COUNT, 9),
        "purchase_rate": SheetColumn("purchase_rate", Form.SHARE, 9),
        "purchase_rate_shrunk": SheetColumn("purchase_rate_shrunk", Form.SHARE, 11),
        "reply_seconds_p50": SheetColumn("reply_seconds", Form.COUNT, 11),
        "script_score": SheetColumn("script_score", Form.COUNT, 10),
    },
    {"purchase_rate_shrunk": Mark.RATE},
    {"verdict": lambda verdict, words: words(f"rep_verdict.{verdict}")},
    is_for_merchants=False,
)
# In the order of workbook and pages. Regions have a picture, and in the workbook the leaders stand on their sheet.
TABLES = (
    RED,
    REGIONS,
    CHANNELS,
    FAN_STATEMENT,
    PRODUCTS,
    LEAKS,
    LEADS,
    OUTREACH,
    REPRESENTATIVES,
    WAKE,
    SPREADERS,
    LEADERS,
    INVITERS,
    GROUPS,
    OWNERS,
    SELLERS,
    PEOPLE_MONTHS,
    CAMPAIGNS,
    UNPAID_LIVES,
    RED_PACKETS,
)


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
