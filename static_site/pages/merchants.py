"""The merchants: how many are in which stage, where money is at stake, what a fan is worth, and the last weeks of each."""

from __future__ import annotations

from contract.success import RULES
from contract.values import STAGES
from static_site import charts
from static_site.pages.telling import ALL, WORDS, amount, merchant_choice, region
from static_site.published_day import PublishedDay, label
from static_site.section import Choice, Column, Form, Page, Section

_BY_REGION = ("region",)
_BY_MERCHANT = ("merchant",)
_LISTED = 20
_REGIONS = 40  # with most merchants; those of the others are under all regions alone
_LARGEST = f"""
    select region from marts.merchants group by region order by count(*) desc, region limit {_REGIONS}
"""
# Each merchant under all regions, and under its own.
_PLACES = f"""
    select merchant_id, name, ? as region from marts.merchants
    union all
    select merchant_id, name, region from marts.merchants semi join ({_LARGEST}) using (region)
"""


def page(day: PublishedDay) -> Page:
    regions = [row["region"] for row in day.rows(_LARGEST)]
    known = sorted((code for code in regions if code != "unknown"), key=region)
    options = [
        (ALL, "all regions"),
        *((code, region(code)) for code in known),
        *(("unknown", "unknown") for _ in {*regions} - {*known}),
    ]
    return Page(
        "merchants",
        "Merchants",
        "Which merchants do well, which are about to leave, and what is at stake. For the platform's own people: merchants do "
        "not see how they are judged.",
        (_stages(day), _at_stake(day), _worth(day), _weeks(day)),
        choices=(Choice("region", "Region of the merchant", options), merchant_choice(day)),
    )


def _stages(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select region, stage, count(*) as merchants, sum(revenue_28d) as revenue_28d, sum(at_stake) as at_stake
        from marts.merchant_churn_flags
        inner join ({_PLACES}) using (merchant_id)
        group by all
        order by all
        """,
        [ALL],
    )
    rows = [row | {"stage": WORDS(f"stage.{row['stage']}")} for row in rows]
    stages = [WORDS(f"stage.{stage}") for stage in STAGES]
    stage, merchants = Column("stage", "stage"), Column("merchants", "merchants", Form.COUNT)
    columns = (
        stage,
        merchants,
        Column("revenue_28d", f"net revenue of the last 28 days, {day.currency}", Form.DECIMAL),
        Column("at_stake", f"at stake in a year, {day.currency}", Form.DECIMAL),
    )
    count = sum(row["merchants"] for row in rows if row["region"] == ALL)
    risky = sum(row["merchants"] for row in rows if row["region"] == ALL and row["stage"] == WORDS("stage.at_risk"))
    return Section(
        "Merchants by stage",
        f"{risky:,} of {count:,} merchants are at risk of leaving.",
        rows,
        columns,
        charts.bars(stage, merchants, [column.tooltip for column in columns], _BY_REGION, order=stages),
        _BY_REGION,
        gloss=("merchant_churn_flags.stage", "merchant_churn_flags.at_stake"),
    )


def _at_stake(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select region, merchant_id, name, stage, at_stake, churn_probability, revenue_28d
        from marts.merchant_churn_flags
        inner join ({_PLACES}) using (merchant_id)
        where at_stake > 0
        qualify row_number() over (partition by region order by at_stake desc, merchant_id) <= {_LISTED}
        order by region, at_stake desc, merchant_id
        """,
        [ALL],
    )
    listed = [
        {key: row[key] for key in ("region", "at_stake", "churn_probability", "revenue_28d")}
        | {"merchant": label(row["name"] or "", row["merchant_id"]), "stage": WORDS(f"stage.{row['stage']}")}
        for row in rows
    ]
    name, stake = Column("merchant", "merchant"), Column("at_stake", f"at stake in a year, {day.currency}", Form.DECIMAL)
    columns = (
        name,
        Column("stage", "stage"),
        stake,
        Column("churn_probability", "risk of leaving", Form.RATE),
        Column("revenue_28d", f"net revenue of the last 28 days, {day.currency}", Form.DECIMAL),
    )
    note = f"The {_LISTED} merchants with most at stake: the risk of leaving times a year's revenue. Calls are ranked by it."
    if total := day.row("select sum(at_stake) as total from marts.merchant_churn_flags")["total"]:
        note += f" All merchants together: {amount(total, day)}."
    return Section(
        "Where most is at stake",
        note,
        listed,
        columns,
        charts.bars(name, stake, [column.tooltip for column in columns], _BY_REGION),
        _BY_REGION,
        gloss=("merchant_churn_flags.at_stake", "merchant_churn_flags.churn_probability"),
    )


def _worth(day: PublishedDay) -> Section:
    rows = day.rows(
        f"""
        select
            region, merchant_id, name, revenue_per_fan, revenue_per_fan_lo, revenue_per_fan_hi, avg_fans, direct_revenue
        from marts.per_fan_revenue
        inner join ({_PLACES}) using (merchant_id)
        where avg_fans >= {RULES["smallest_cell"]} and revenue_per_fan is not null
        qualify row_number() over (partition by region order by direct_revenue desc nulls last, merchant_id) <= {_LISTED}
        order by region, revenue_per_fan desc, merchant_id
        """,
        [ALL],
    )
    listed = [
        {key: value for key, value in row.items() if key not in ("merchant_id", "name")}
        | {"merchant": label(row["name"] or "", row["merchant_id"])}
        for row in rows
    ]
    name, worth = (
        Column("merchant", "merchant"),
        Column("revenue_per_fan", f"net revenue per fan, {day.currency}", Form.DECIMAL),
    )
    columns = (
        name,
        worth,
        Column("revenue_per_fan_lo", "from", Form.DECIMAL),
        Column("revenue_per_fan_hi", "to", Form.DECIMAL),
        Column("avg_fans", "fans on average", Form.NUMBER),
        Column("direct_revenue", f"net revenue, {day.currency}", Form.DECIMAL),
    )
    chart = charts.intervals(
        name, worth, ("revenue_per_fan_lo", "revenue_per_fan_hi"), [column.tooltip for column in columns], _BY_REGION
    )
    return Section(
        "What a fan is worth",
        f"Net revenue per fan in the last 365 days, of the {_LISTED} merchants with the largest revenue; the line is the 95% "
        f"interval. Merchants with fewer than {RULES['smallest_cell']} fans on average are left out.",
        listed,
        columns,
        chart,
        _BY_REGION,
        gloss=("per_fan_revenue.revenue_per_fan", "per_fan_revenue.revenue_per_fan_lo"),
        empty=f"No merchant has {RULES['smallest_cell']} fans.",
    )


def _weeks(day: PublishedDay) -> Section:
    rows = day.rows(
        """
        select merchant, (?::date - (6 + 7 * weeks_ago)::integer)::varchar as week, sum(revenue) as revenue
        from marts.merchant_weeks
        inner join choices using (merchant_id)
        group by all
        order by merchant, week desc
        """,
        [day.as_of],
    )
    weeks = [
        row["week"]
        for row in day.rows(
            "select (?::date - (6 + 7 * ago)::integer)::varchar as week from range(11, -1, -1) t(ago)", [day.as_of]
        )
    ]
    week = Column("week", "seven days that begin on")
    revenue = Column("revenue", f"net revenue, {day.currency}", Form.DECIMAL)
    return Section(
        "The last twelve weeks",
        "Net revenue of each seven days, the last of which end with the day of this page; refunds count on their own day. "
        "Choose a merchant above.",
        rows,
        (week, revenue),
        charts.columns_over_time(week, revenue, [week.tooltip, revenue.tooltip], weeks, _BY_MERCHANT),
        _BY_MERCHANT,
        gloss=("merchant_weeks.revenue",),
    )
