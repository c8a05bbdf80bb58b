"""The platform as a whole: revenue by week, what its growth comes from, who orders again, the field's rules of thumb."""

from __future__ import annotations

from static_site import charts
from static_site.pages.telling import amount, change, merchant_choice
from static_site.published_day import EVERYONE, PublishedDay
from static_site.section import Column, Form, Page, Section

_BY_MERCHANT = ("merchant",)
_ORDERS = ("first orders", "later orders")
_EFFECTS = ("the number of fans", "revenue per fan")
_PERIODS = 12


def page(day: PublishedDay) -> Page:
    return Page(
        "platform",
        "Platform",
        "What all merchants earn together, where growth comes from, and how many buyers come back.",
        (_revenue(day), _growth(day), _retention(day), _claims(day)),
        choices=(merchant_choice(day),),
    )


def _revenue(day: PublishedDay) -> Section:
    weeks = day.weeks()
    rows = day.rows(
        """
        select
            merchant, date_trunc('week', paid_date)::date::varchar as week,
            if(is_first_order, ?, ?) as kind, sum(net) as net, count(*) as orders
        from marts.orders
        inner join choices using (merchant_id)
        where date_trunc('week', paid_date)::date::varchar in (select unnest(?::varchar[]))
        group by all
        order by merchant, week desc, kind
        """,
        [*_ORDERS, weeks],
    )
    last = [sum(row["net"] or 0 for row in rows if row["merchant"] == EVERYONE and row["week"] == week) for week in weeks[-2:]]
    note = "Net revenue (payments minus their refunds so far) of orders by the week they were paid in, Monday to Sunday. "
    if len(last) == 2:
        note += f"The last whole week, from {weeks[-1]}, brought {amount(last[1], day)}, {change(last[1], last[0])}."
    week, net = Column("week", "week that begins on"), Column("net", f"net revenue, {day.currency}", Form.DECIMAL)
    columns = (week, Column("kind", "orders of buyers"), net, Column("orders", "orders", Form.COUNT))
    tooltips = [column.tooltip for column in columns]
    kind = (columns[1], _ORDERS)
    return Section(
        "Revenue by week",
        note,
        rows,
        columns,
        charts.columns_over_time(week, net, tooltips, weeks, _BY_MERCHANT, kind),
        _BY_MERCHANT,
        gloss=("orders.net", "orders.is_first_order"),
    )


def _growth(day: PublishedDay) -> Section:
    months = day.months()
    rows = day.rows(
        """
        select merchant, month, effect, sum(value) as value, count(*) as merchants
        from (
            select merchant, month, unnest([
                {'effect': ?, 'value': user_effect}, {'effect': ?, 'value': per_fan_effect}
            ], recursive := true)
            from marts.growth_split
            inner join choices using (merchant_id)
            where is_complete and user_effect is not null and month in (select unnest(?::varchar[]))
        )
        group by all
        order by merchant, month desc, effect
        """,
        [*_EFFECTS, months],
    )
    month, value = Column("month", "month"), Column("value", f"change against the month before, {day.currency}", Form.DECIMAL)
    columns = (month, Column("effect", "from"), value, Column("merchants", "merchants", Form.COUNT))
    note = (
        "How net revenue changed against the month before, split into what more or fewer fans explain and what each fan "
        "brought. The two add up. Merchants count in the months for which both months are complete."
    )
    if rows:
        newest = rows[0]["month"]
        told = [row for row in rows if row["merchant"] == EVERYONE and row["month"] == newest]
        parts = (f"{amount(row['value'] or 0, day, signed=True)} from {row['effect']}" for row in told)
        note += f" In {newest}: {' and '.join(parts)}."
    return Section(
        "Where growth comes from",
        note,
        rows,
        columns,
        charts.columns_over_time(
            month, value, [column.tooltip for column in columns], months, _BY_MERCHANT, (columns[1], _EFFECTS)
        ),
        _BY_MERCHANT,
        gloss=("growth_split.user_effect", "growth_split.per_fan_effect"),
    )


def _retention(day: PublishedDay) -> Section:
    rows = day.rows(
        """
        select
            merchant, cohort_month, period, sum(retained_on)::bigint as retained, sum(cohort_size)::bigint as fans,
            sum(retained_on) / sum(cohort_size) as rate
        from marts.cohort_retention
        inner join choices using (merchant_id)
        where is_complete and period between 1 and ? and cohort_month in (select unnest(?::varchar[]))
        group by all
        order by merchant, cohort_month desc, period
        """,
        [_PERIODS, day.months()],
    )
    cohort, period = Column("cohort_month", "month of the first order"), Column("period", "months after it", Form.COUNT)
    rate = Column("rate", "ordered in that month", Form.RATE)
    columns = (
        cohort,
        period,
        rate,
        Column("retained", "of them buyers", Form.COUNT),
        Column("fans", "first buyers", Form.COUNT),
    )
    first = [row for row in rows if row["merchant"] == EVERYONE and row["period"] == 1]
    note = (
        "Of the people whose first order fell into a month, the share that ordered in each month after it; whole months only."
    )
    if first:
        retained, fans = sum(row["retained"] for row in first), sum(row["fans"] for row in first)
        note += f" All shown cohorts together: {retained:,} of {fans:,} ({retained / fans:.1%}) ordered in the month after."
    return Section(
        "Who orders again",
        note,
        rows,
        columns,
        charts.grid(cohort, period, rate, [column.tooltip for column in columns], _BY_MERCHANT),
        _BY_MERCHANT,
        gloss=("cohort_retention.retained_on", "cohort_retention.cohort_size"),
    )


def _claims(day: PublishedDay) -> Section:
    rows = day.rows(
        """
        select claim, claimed_value, our_value, our_value_lo, our_value_hi, unit, observations, verdict
        from marts.claim_checks
        order by claim_id
        """
    )
    agree = sum(row["verdict"] == "consistent" for row in rows)
    enough = sum(row["verdict"] != "insufficient" for row in rows)
    return Section(
        "The field's rules of thumb",
        f"What people of the field say, beside this platform's figure with its 95% interval. Of the {enough} rules with enough "
        f"data to judge, {agree} hold here.",
        rows,
        (
            Column("claim", "rule of thumb"),
            Column("claimed_value", "claimed", Form.DECIMAL),
            Column("our_value", "here", Form.DECIMAL),
            Column("our_value_lo", "from", Form.DECIMAL),
            Column("our_value_hi", "to", Form.DECIMAL),
            Column("unit", "unit"),
            Column("observations", "observations", Form.COUNT),
            Column("verdict", "verdict"),
        ),
    )
