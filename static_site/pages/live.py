"""Live streams: what they brought by week, what happens minute by minute, and the largest ones."""

from __future__ import annotations

from static_site import charts
from static_site.pages.telling import amount, merchant_choice
from static_site.published_day import EVERYONE, PublishedDay, label
from static_site.section import Column, Form, Page, Section

_BY_MERCHANT = ("merchant",)
_MINUTES = 180
_STEP = 5
_FEWEST = 5  # streams that a minute is averaged over
_LISTED = 20
_EVENTS = ("clicks on products per stream", "orders per ten streams")


def page(day: PublishedDay) -> Page:
    return Page(
        "live",
        "Live",
        "What live streams bring, and when in a stream people watch, click and buy.",
        (_weeks(day), _viewers(day), _events(day), _largest(day)),
        choices=(merchant_choice(day),),
    )


def _weeks(day: PublishedDay) -> Section:
    weeks = day.weeks()
    rows = day.rows(
        """
        select
            merchant, week, sum(revenue) as revenue, count(*) as streams, sum(viewers)::bigint as viewers,
            sum(orders)::bigint as orders
        from (
            select *, date_trunc('week', started_date)::date::varchar as week
            from marts.live_sessions
        )
        inner join choices using (merchant_id)
        where week in (select unnest(?::varchar[]))
        group by all
        order by merchant, week desc
        """,
        [weeks],
    )
    week, revenue = Column("week", "week that begins on"), Column("revenue", f"net revenue, {day.currency}", Form.DECIMAL)
    columns = (
        week,
        revenue,
        Column("streams", "streams", Form.COUNT),
        Column("viewers", "viewers", Form.COUNT),
        Column("orders", "orders", Form.COUNT),
    )
    everyone = [row for row in rows if row["merchant"] == EVERYONE]
    note = "Net revenue of orders that name a live stream, by the week in which the stream began, Monday to Sunday."
    if everyone:
        total = sum(row["revenue"] or 0 for row in everyone)
        note += (
            f" In {len(weeks)} whole weeks {sum(row['streams'] for row in everyone):,} streams brought {amount(total, day)}."
        )
    return Section(
        "Revenue of live streams by week",
        note,
        rows,
        columns,
        charts.columns_over_time(week, revenue, [column.tooltip for column in columns], weeks, _BY_MERCHANT),
        _BY_MERCHANT,
        gloss=("live_sessions.revenue", "live_sessions.viewers"),
        empty="No live stream began in a whole week of the last year.",
    )


_MINUTE, _STREAMS = Column("minute", "minutes since the start", Form.COUNT), Column("streams", "streams", Form.COUNT)
_THIN = f"Minutes that fewer than {_FEWEST} streams reached are left out."


def _viewers(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select merchant, minute, avg(viewers) as viewers, count(*) as streams
        from marts.live_minutes
        inner join choices using (merchant_id)
        where minute < {_MINUTES}
        group by all
        having count(*) >= {_FEWEST}
        order by all
        """
    )
    viewers = Column("viewers", "viewers per stream", Form.NUMBER)
    columns = (_MINUTE, viewers, _STREAMS)
    return Section(
        "Who watches, minute by minute",
        f"People present at the end of each minute, on average over the streams that were still running. {_THIN}",
        rows,
        columns,
        charts.lines(_MINUTE, viewers, [column.tooltip for column in columns], _BY_MERCHANT),
        _BY_MERCHANT,
        listed=[row for row in rows if row["minute"] % _STEP == 0],
        gloss=("live_minutes.viewers",),
        empty=f"No merchant had {_FEWEST} live streams.",
    )


def _events(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select merchant, minute, streams, event, value
        from (
            select
                merchant, minute // {_STEP} * {_STEP} as minute, count(distinct live_id) as streams,
                sum(product_clicks) / streams as "{_EVENTS[0]}", 10 * sum(orders) / streams as "{_EVENTS[1]}"
            from marts.live_minutes
            inner join choices using (merchant_id)
            where minute < {_MINUTES}
            group by merchant, minute // {_STEP}
        )
        unpivot (value for event in ("{_EVENTS[0]}", "{_EVENTS[1]}"))
        where streams >= {_FEWEST}
        order by merchant, minute, event
        """
    )
    event, value = Column("event", "what"), Column("value", f"in {_STEP} minutes", Form.DECIMAL)
    columns = (_MINUTE, event, value, _STREAMS)
    return Section(
        "When people click and buy",
        f"Clicks on products per stream, and orders per ten streams, in each {_STEP} minutes of the streams that were still "
        f"running. {_THIN}",
        rows,
        columns,
        charts.lines(_MINUTE, value, [column.tooltip for column in columns], _BY_MERCHANT, (event, _EVENTS)),
        _BY_MERCHANT,
        gloss=("live_minutes.product_clicks", "live_minutes.orders"),
        empty=f"No merchant had {_FEWEST} live streams.",
    )


def _largest(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select
            live_id, live_sessions.title, merchants.name, merchant_id, live_sessions.started_at, live_sessions.peak_viewers,
            live_sessions.viewers, live_sessions.orders, live_sessions.revenue, live_sessions.new_fans
        from marts.live_sessions
        inner join marts.merchants using (merchant_id)
        order by live_sessions.revenue desc nulls last, live_id
        limit {_LISTED}
        """
    )
    rows = [
        {key: row[key] for key in ("peak_viewers", "viewers", "orders", "revenue", "new_fans")}
        | {
            "stream": label(row["title"] or "", row["live_id"]),
            "merchant_name": label(row["name"] or "", row["merchant_id"]),
            "started": f"{row['started_at']:%Y-%m-%d %H:%M}",
        }
        for row in rows
    ]
    stream, revenue = Column("stream", "stream"), Column("revenue", f"net revenue, {day.currency}", Form.DECIMAL)
    columns = (
        stream,
        Column("merchant_name", "merchant"),
        Column("started", "started, UTC"),
        revenue,
        Column("orders", "orders", Form.COUNT),
        Column("viewers", "viewers", Form.COUNT),
        Column("peak_viewers", "most at once", Form.COUNT),
        Column("new_fans", "new fans", Form.COUNT),
    )
    return Section(
        "The streams that brought most",
        f"The {_LISTED} live streams with the largest net revenue, of all merchants and all time.",
        rows,
        columns,
        charts.bars(stream, revenue, [column.tooltip for column in columns], ()),
        (),
        gloss=("live_sessions.peak_viewers", "live_sessions.new_fans"),
        empty="There was no live stream yet.",
    )
