"""Spread: through which channels people share, what that brings, how far it goes, and how few people bring most of it."""

from __future__ import annotations

from contract.values import CHANNELS, METRICS
from static_site import charts
from static_site.pages.telling import ALL, merchant_choice, month_choice
from static_site.published_day import EVERYONE, NAMED_MERCHANTS, PublishedDay
from static_site.section import Column, Form, Page, Section

_BY_MERCHANT = ("merchant",)
_DEEPEST = 10  # layers from here on are one row
_METRICS = {
    "shares": "shares made",
    "opens": "opens of their shares",
    "orders_led": "orders they led to",
    "revenue_led": "revenue they led to",
}


def page(day: PublishedDay) -> Page:
    return Page(
        "spread",
        "Spread",
        "How shares travel from person to person, and what they bring.",
        (_mix(day), _channels(day), _layers(day), _concentration(day)),
        choices=(merchant_choice(day), month_choice(day.months())),
    )


def _mix(day: PublishedDay) -> Section:
    months = day.months()
    rows = day.rows(
        """
        select merchant, month, channel, sum(shares)::bigint as shares
        from marts.share_mix
        inner join choices using (merchant_id)
        where month in (select unnest(?::varchar[]))
        group by all
        order by merchant, month desc, channel
        """,
        [months],
    )
    month, channel = Column("month", "month in which they were made"), Column("channel", "channel")
    shares = Column("shares", "shares", Form.COUNT)
    everyone = [row for row in rows if row["merchant"] == EVERYONE]
    note = "Shares of each whole month by where they were made, as parts of the month's shares."
    if everyone:
        total = sum(row["shares"] for row in everyone)
        in_groups = sum(row["shares"] for row in everyone if row["channel"] == "group")
        note += f" {in_groups / total:.1%} of {total:,} shares were made in chat groups."
    return Section(
        "Where people share",
        note,
        rows,
        (month, channel, shares),
        charts.columns_over_time(
            month,
            Column("shares", "part of the month's shares", Form.RATE),
            [month.tooltip, channel.tooltip, shares.tooltip],
            months,
            _BY_MERCHANT,
            (channel, CHANNELS),
            is_share=True,
        ),
        _BY_MERCHANT,
        gloss=("share_mix.shares", "share_mix.channel"),
    )


def _channels(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select
            merchant, coalesce(month, '{ALL}') as month, channel, sum(shares)::bigint as shares, sum(opens)::bigint as opens,
            sum(orders)::bigint as orders, sum(revenue) as revenue, 1000 * sum(orders) / sum(shares) as orders_per_1000
        from marts.share_mix
        inner join choices using (merchant_id)
        where month in (select unnest(?::varchar[]))
        group by grouping sets ((merchant, month, channel), (merchant, channel))
        order by all
        """,
        [day.months()],
    )
    channel, rate = Column("channel", "channel"), Column("orders_per_1000", "orders per 1,000 shares", Form.NUMBER)
    columns = (
        channel,
        rate,
        Column("shares", "shares", Form.COUNT),
        Column("opens", "opens by others", Form.COUNT),
        Column("orders", "orders", Form.COUNT),
        Column("revenue", f"net revenue of the orders, {day.currency}", Form.DECIMAL),
    )
    return Section(
        "What a channel brings",
        "Orders that came through the shares of a channel, whenever they came, for each 1,000 shares. The months are those in "
        "which the shares were made; late orders are still missing from the newest.",
        rows,
        columns,
        charts.bars(channel, rate, [column.tooltip for column in columns], ("merchant", "month")),
        ("merchant", "month"),
        gloss=("share_mix.orders", "share_mix.revenue", "share_mix.opens"),
    )


def _layers(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select
            merchant, least(depth, {_DEEPEST}) as depth, sum(shares)::bigint as shares, sum(openers)::bigint as openers,
            sum(orders)::bigint as orders, sum(revenue) as revenue
        from marts.cascade_layers
        inner join choices using (merchant_id)
        group by all
        order by all
        """
    )
    every = [row for row in rows if row["merchant"] == EVERYONE]
    rows = [row | {"layer": f"{row['depth']} or more" if row["depth"] == _DEEPEST else str(row["depth"])} for row in rows]
    layer, revenue = Column("layer", "steps"), Column("revenue", f"net revenue, {day.currency}", Form.DECIMAL)
    columns = (
        layer,
        Column("shares", "shares", Form.COUNT),
        Column("openers", "people who opened one", Form.COUNT),
        Column("orders", "orders", Form.COUNT),
        revenue,
    )
    note = "Shares by their distance from the first share of their tree: 0 is the first share, 1 a share made of it, and so on."
    if total := sum(row["orders"] for row in every):
        passed_on = total - sum(row["orders"] for row in every if row["depth"] == 0)
        note += f" {passed_on / total:.1%} of {total:,} orders through shares came from shares that had been passed on."
    return Section(
        "How far it goes",
        note,
        rows,
        columns,
        charts.bars(
            layer,
            revenue,
            [column.tooltip for column in columns],
            _BY_MERCHANT,
            order=[*map(str, range(_DEEPEST)), f"{_DEEPEST} or more"],
        ),
        _BY_MERCHANT,
        gloss=("cascade_layers.depth", "cascade_layers.openers"),
    )


def _concentration(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select coalesce(place, {EVERYONE}) as merchant, metric, users, top_1pct_share, users_for_half, gini
        from marts.spread_concentration
        left join ranked using (merchant_id)
        where merchant_id = 'all' or place <= {NAMED_MERCHANTS}
        order by all
        """
    )
    every = {row["metric"]: row for row in rows if row["merchant"] == EVERYONE}
    rows = [row | {"metric": _METRICS[row["metric"]]} for row in rows]
    metric, top = Column("metric", "of all"), Column("top_1pct_share", "held by the top 1% of people", Form.RATE)
    columns = (
        metric,
        top,
        Column("users", "people", Form.COUNT),
        Column("users_for_half", "people who hold half", Form.COUNT),
        Column("gini", "Gini coefficient", Form.DECIMAL),
    )
    note = (
        "What the most active 1% of people hold, in the last 90 days. There is no such figure of the other merchants together."
    )
    if "opens" in every:
        note += f" {every['opens']['users_for_half']:,} of {every['opens']['users']:,} people bring half of all opens."
    return Section(
        "How few bring how much",
        note,
        rows,
        columns,
        charts.bars(
            metric, top, [column.tooltip for column in columns], _BY_MERCHANT, order=[_METRICS[name] for name in METRICS]
        ),
        _BY_MERCHANT,
        gloss=("spread_concentration.top_1pct_share", "spread_concentration.users_for_half", "spread_concentration.gini"),
    )
