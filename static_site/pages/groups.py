"""Chat groups: how long they live, how many are alive, and how much is written in them."""

from __future__ import annotations

from contract.success import RULES
from contract.values import GROUP_STATES
from static_site import charts
from static_site.pages.telling import merchant_choice
from static_site.published_day import EVERYONE, PublishedDay
from static_site.section import Choice, Column, Form, Page, Section

_BY_MERCHANT = ("merchant",)
_BY_STRATUM = ("stratum",)
_DAYS = 365
_LISTED = (7, 14, 30, 60, 90, 180, 365)
_STRATA = {
    "kind": "by what they are for",
    "driver": "by what holds them together",
    "size_band": "by their size",
    "all": "all together",
}
# Green, orange, grey: what is alive is seen first.
_STATES = dict(zip(GROUP_STATES, ("#009e73", "#e69f00", "#999999"), strict=True))


def page(day: PublishedDay) -> Page:
    strata = Choice("stratum", "Groups", list(_STRATA.items()))
    return Page(
        "groups",
        "Chat groups",
        "How long chat groups live, and how many of a merchant's are still alive.",
        (_survival(day), _lifetimes(day), _states(day), _messages(day)),
        choices=(strata, merchant_choice(day)),
    )


def _survival(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select stratum, value, day, survival, survival_lo, survival_hi, at_risk
        from marts.group_survival
        inner join marts.group_lifetimes using (stratum, value)
        where day <= {_DAYS} and groups >= {RULES["smallest_cell"]}
        order by stratum, value, day
        """
    )
    age, value = Column("day", "age, days", Form.COUNT), Column("value", "groups")
    alive = Column("survival", "still alive", Form.RATE)
    columns = (
        value,
        age,
        alive,
        Column("survival_lo", "from", Form.RATE),
        Column("survival_hi", "to", Form.RATE),
        Column("at_risk", "groups of this age", Form.COUNT),
    )
    note = (
        f"The share of chat groups that still live at an age, with its 95% interval (Kaplan–Meier). Kinds with fewer than "
        f"{RULES['smallest_cell']} groups are left out."
    )
    everyone = day.rows("select groups, deaths, median_days from marts.group_lifetimes where stratum = 'all'")
    if everyone:
        [told] = everyone
        middle = (
            "more than half of them still live"
            if told["median_days"] is None
            else f"half live {told['median_days']} days or less"
        )
        note += f" Of {told['groups']:,} groups {told['deaths']:,} have died; {middle}."
    return Section(
        "How long groups live",
        note,
        rows,
        columns,
        charts.curves(age, alive, ("survival_lo", "survival_hi"), value, [column.tooltip for column in columns], _BY_STRATUM),
        _BY_STRATUM,
        listed=[row for row in rows if row["day"] in _LISTED],
        gloss=("group_survival.survival", "group_survival.survival_lo"),
    )


def _lifetimes(day: PublishedDay) -> Section:
    rows = day.rows("select stratum, value, groups, deaths, median_days, rmst_90 from marts.group_lifetimes order by all")
    rows = [row | {"stratum": _STRATA[row["stratum"]]} for row in rows]
    return Section(
        "Lifetimes in figures",
        "What can be read off the curves: the age by which half have died, and the days a group lives of its first 90. Small "
        "kinds stand here too: see how many groups there are.",
        rows,
        (
            Column("stratum", "groups"),
            Column("value", "value"),
            Column("groups", "number", Form.COUNT),
            Column("deaths", "died", Form.COUNT),
            Column("median_days", "median, days", Form.COUNT),
            Column("rmst_90", "mean of the first 90 days", Form.NUMBER),
        ),
        gloss=("group_lifetimes.median_days", "group_lifetimes.rmst_90"),
    )


def _states(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select choices.merchant, kind, state, count(*) as groups, sum(members)::bigint as members
        from marts.group_activity as activity
        inner join (select * from choices union all select null, {EVERYONE}) as choices
            on activity.merchant_id is not distinct from choices.merchant_id
        group by all
        order by all
        """
    )
    kind, state, groups = (
        Column("kind", "what they are for"),
        Column("state", "state"),
        Column("groups", "chat groups", Form.COUNT),
    )
    columns = (kind, state, groups, Column("members", "members", Form.COUNT))
    alive = sum(row["groups"] for row in rows if row["merchant"] == EVERYONE and row["state"] == "alive")
    every = sum(row["groups"] for row in rows if row["merchant"] == EVERYONE)
    return Section(
        "Which are alive",
        f"{alive:,} of {every:,} chat groups are alive.",
        rows,
        columns,
        charts.bars(kind, groups, [column.tooltip for column in columns], _BY_MERCHANT, split=(state, _STATES)),
        _BY_MERCHANT,
        gloss=("group_activity.state",),
    )


def _messages(day: PublishedDay) -> Section:
    weeks = day.weeks()
    rows = day.rows(
        """
        select merchant, date_trunc('week', date)::date::varchar as week, sum(messages)::bigint as messages
        from marts.daily_merchant
        inner join choices using (merchant_id)
        where date_trunc('week', date)::date::varchar in (select unnest(?::varchar[]))
        group by all
        having sum(messages) > 0
        order by merchant, week desc
        """,
        [weeks],
    )
    week, messages = Column("week", "week that begins on"), Column("messages", "messages", Form.COUNT)
    return Section(
        "Messages by week",
        "Messages in the chat groups of merchants, in whole weeks from Monday to Sunday.",
        rows,
        (week, messages),
        charts.columns_over_time(week, messages, [week.tooltip, messages.tooltip], weeks, _BY_MERCHANT),
        _BY_MERCHANT,
        gloss=("daily_merchant.messages",),
    )
