"""The tables of the area groups."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    choice,
    count,
    identifier,
    integer,
    is_total,
    money,
    nullable,
    number,
    share,
    text,
    timestamp,
)
from contract.table import ANALYSTS, Empty, Question, Table
from contract.values import GROUP_DRIVERS, GROUP_KINDS, STRATA

TABLES: tuple[Table, ...] = (
    Table(
        "chat_groups",
        "Grain: chat group, with its latest attributes.",
        key="group_id",
        columns=(
            identifier("group_id", "The group."),
            nullable(identifier("merchant_id", "The merchant it belongs to; null where none is named.")),
            identifier("owner_id", "Who owns it.", person=True),
            choice("kind", GROUP_KINDS, "What it is for, or unknown."),
            choice("driver", GROUP_DRIVERS, "What holds it together, or unknown."),
            timestamp("born_at", "Earliest creation, UTC."),
            nullable(timestamp("dissolved_at", "When it was dissolved, UTC.")),
            count("members", "people", "People whose last join or leave is a join."),
            nullable(timestamp("last_message_at", "Time of the last message, UTC.")),
            nullable(
                count("days_since_last_message", "days", "Days from the last message to as_of; null if there never was one.")
            ),
            count("messages_28d", "messages", "Messages of the last 28 days."),
            count("messages_prev_28d", "messages", "Messages of the 28 days before."),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "group_survival",
        "Grain: stratum × value × day of age, from 0 to the longest. Kaplan–Meier of chat groups: a group "
        "without a message in the 14 days to the end of as_of died at its last message, the others are "
        "alive and censored 14 days before.",
        key="stratum, value, day",
        family="group_survival",
        columns=(
            choice("stratum", STRATA, "What the groups are split by: all, kind, driver or size_band."),
            is_total("stratum = 'all'", "Whether the row is of all groups; each other stratum has all of them once more."),
            text("value", "The value of it; unknown where it is missing."),
            integer("day", "days", "Age in whole days."),
            count("at_risk", "chat groups", "Groups alive and not censored before this day."),
            count("deaths", "chat groups", "Groups that died on this day."),
            share("survival", "Kaplan–Meier estimate of the share alive after this day."),
            nullable(share("survival_lo", "Lower 95 % bound, Greenwood on the log-log scale; null where survival is 0 or 1.")),
            nullable(share("survival_hi", "Upper 95 % bound.")),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "group_lifetimes",
        "Grain: stratum × value: how long chat groups live, by the curves of group_survival.",
        key="stratum, value",
        family="group_survival",
        columns=(
            choice("stratum", STRATA, "What the groups are split by: all, kind, driver or size_band."),
            is_total("stratum = 'all'", "Whether the row is of all groups; each other stratum has all of them once more."),
            text("value", "The value of it; unknown where it is missing."),
            count("groups", "chat groups", "Groups born by 14 days before the end of as_of."),
            count("deaths", "chat groups", "Those that died."),
            nullable(integer("median_days", "days", "First day with survival of at most 0.5; null while more live.")),
            number("rmst_90", "days", "Restricted mean: survival summed over days 0 to 89.", least=0, most=90),
            nullable(
                number(
                    "naive_mean_days",
                    "days",
                    "Mean age at death of the dead, which leaves out the living; null without deaths.",
                    least=0,
                )
            ),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "chat_group_sales",
        "Grain: merchant × chat group that shares of the merchant's were made into: what came through them by as_of. Shares "
        "that name no group are left out.",
        key="merchant_id, group_id",
        columns=(
            MERCHANT,
            identifier("group_id", "The group that the shares name, known or not."),
            count("shares", "shares", "Shares made into the group.", least=1),
            count("sharers", "people", "People who made them.", least=1),
            count("orders", "orders", "Paid orders through these shares."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
    ),
)
