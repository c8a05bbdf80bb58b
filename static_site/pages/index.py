"""The first page: the day's key figures, and what the other pages show."""

from __future__ import annotations

from collections.abc import Sequence

from static_site.pages.telling import WORDS, amount, change
from static_site.published_day import PublishedDay
from static_site.section import Page

Tile = tuple[str, str]


def page(day: PublishedDay, pages: Sequence[Page]) -> Page:
    lead = "What the platform's merchants earned, who spreads, where teams form, and what is at stake, on one day."
    return Page("index", "Fanout", lead, (), tiles=_tiles(day))


def _tiles(day: PublishedDay) -> tuple[Tile, ...]:
    money = day.row(
        """
        select
            coalesce(sum(revenue) filter (where date > ?::date - 28), 0) as now,
            coalesce(sum(revenue) filter (where date <= ?::date - 28), 0) as before,
            coalesce(sum(orders) filter (where date > ?::date - 28), 0)::bigint as orders
        from marts.daily_merchant
        where date > ?::date - 56 and date <= ?
        """,
        [day.as_of] * 5,
    )
    merchants = day.row(
        """
        select
            count(*) as merchants, count(*) filter (where stage = 'at_risk') as at_risk, coalesce(sum(at_stake), 0) as at_stake
        from marts.merchant_churn_flags
        """
    )
    fans = day.row("select coalesce(sum(fans_end), 0)::bigint as fans from marts.per_fan_revenue")["fans"]
    teams = day.row(
        """
        select sum(formed_organic) / nullif(sum(closed), 0) as rate, coalesce(sum(closed), 0)::bigint as closed
        from marts.team_formation_by_region where month = 'all'
        """
    )
    shares = day.row(
        """
        select coalesce(sum(shares), 0)::bigint as shares, sum(orders) / nullif(sum(shares), 0) as orders_per_share
        from marts.share_mix
        """
    )
    groups = day.row("select count(*) as groups, count(*) filter (where state = 'alive') as alive from marts.group_activity")
    streams = day.row("select count(*) as streams from marts.live_sessions")["streams"]
    lines = day.row("select sum(accepted) / nullif(sum(rows_read), 0) as accepted from marts.ingest_ledger")["accepted"]
    return (
        (amount(money["now"], day), f"net revenue of 28 days, {change(money['now'], money['before'], period='28 days')}"),
        (WORDS.number(money["orders"]), "orders paid in these days"),
        (WORDS.number(fans), "fans, added up over merchants"),
        (f"{merchants['at_risk']:,} of {merchants['merchants']:,}", "merchants at risk of leaving"),
        (amount(merchants["at_stake"], day), "at stake in a year"),
        (_rate(teams["rate"]), f"of {WORDS.number(teams['closed'])} closed teams formed by themselves"),
        (WORDS.number(shares["shares"]), f"shares, {_decimal(shares['orders_per_share'])} orders each"),
        (f"{groups['alive']:,} of {groups['groups']:,}", "chat groups alive"),
        (WORDS.number(streams), "live streams"),
        (_rate(lines), "of all lines accepted"),
    )


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _decimal(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
