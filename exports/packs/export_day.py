"""A published day as the exports read it, beside the one that was delivered before it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from contract.business_days import day_start
from contract.settings import Settings
from exports.policy import people
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from publication.publish import current_database
from publication.versions import DATABASE

log = logging.getLogger(__name__)

NOW, BEFORE = "now", "before"
MAP_DAYS = 90  # in which the cascades of a spread map began


@dataclass(frozen=True)
class Published:
    """A version of a day."""

    as_of: date
    version: str

    def __str__(self) -> str:
        return f"{self.as_of} {self.version}"

    def to_json(self) -> dict[str, str]:
        return {"as_of": self.as_of.isoformat(), "warehouse_version": self.version}


@dataclass(frozen=True)
class ExportDay:
    """An open day: `now` is attached, and `before` where there is something to compare with."""

    con: duckdb.DuckDBPyConnection
    published: Published
    base: Published | None

    @property
    def as_of(self) -> date:
        return self.published.as_of

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        result = self.con.execute(sql, list(parameters))
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def open_day(settings: Settings, as_of: date, base: Published | None, scratch: Path) -> Iterator[ExportDay]:
    """Open a day's current publication, and a base to compare with.

    Temp tables, each for `now` and `before`: `fans_<db>` (see `people.name_fans`), `overview_<db>`, `calls_<db>` (whose
    reasons get their words by `pages.reasons.tell_reasons`), `leaders_<db>`, `spreaders_<db>`.

    Args:
        base: left out where its version is gone, or has not the marts of this one.
        scratch: where DuckDB may spill.

    Raises:
        PublicationError: the day has not been published.
    """
    database = current_database(settings, as_of)
    with duckdb.connect(config={"temp_directory": str(scratch)}) as con:
        for name, days in (("week_start", 7), ("map_start", MAP_DAYS)):
            start = day_start(as_of - timedelta(days=days - 1), ZoneInfo(settings.timezone))
            con.execute(f"set variable {name} = ?::timestamp", [start.replace(tzinfo=None)])
        if base is not None:
            older = settings.published / base.as_of.isoformat() / base.version / DATABASE
            try:
                _attach(con, BEFORE, older)
                _prepare(settings, con, BEFORE, base.as_of)
                for table in (*MERCHANT_TABLES, *MANAGER_TABLES):
                    con.execute(f"describe select {', '.join(table.columns)} from ({table.sql.replace('{db}', BEFORE)})")
            except duckdb.Error as error:
                log.warning("%s cannot be compared with: %s", base, str(error).splitlines()[0])
                base = None
        _attach(con, NOW, database)
        _prepare(settings, con, NOW, as_of)
        con.execute(f"use {NOW}")
        yield ExportDay(con, Published(as_of, database.parent.name), base)


def _attach(con: duckdb.DuckDBPyConnection, catalog: str, path: Path) -> None:
    con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {catalog} (read_only)")


def _prepare(settings: Settings, con: duckdb.DuckDBPyConnection, db: str, as_of: date) -> None:
    con.execute("set variable as_of = ?::date", [as_of])
    people.name_fans(con, db, settings.pseudonym_key)
    con.execute("set variable timezone = ?", [settings.timezone])
    for sql in (_OVERVIEW, _LISTED, _REASONS, _CALLS, _LEADERS, _SPREADERS):
        con.execute(sql.replace("{db}", db))


# The reasons of calls in words, the strongest first, and their topics; empty until `pages.reasons.tell_reasons` fills it.
_REASONS = """
create temp table reasons_{db} (merchant_id varchar, topics varchar[], reason_1 varchar, reason_2 varchar, reason_3 varchar)
"""
_CALLS = "create temp view calls_{db} as select * from listed_{db} left join reasons_{db} using (merchant_id)"

# One row a merchant: everything that its manager reads about it.
_OVERVIEW = """
create temp table overview_{db} as
with growth as (
    select * from {db}.marts.growth_split where is_complete and revenue_change is not null
    qualify row_number() over (partition by merchant_id order by month desc) = 1
),
retention as (
    select merchant_id, sum(retained_on) / sum(cohort_size) as retention
    from {db}.marts.cohort_retention where period = 1 and is_complete group by merchant_id
),
teams as (
    select merchant_id, sum(closed) as teams_closed, sum(formed_organic) / nullif(sum(closed), 0) as formation_rate
    from {db}.marts.team_formation group by merchant_id
),
spread as (
    select merchant_id, sum(shares) as shares, sum(opens) as opens, sum(revenue_led) as revenue_led
    from {db}.marts.spreaders group by merchant_id
),
stages as (
    select * from {db}.marts.merchant_stage_history where left_on is null
),
year as (
    select merchant_id, sum(revenue) as revenue_365d
    from {db}.marts.daily_merchant where date > getvariable('as_of') - 365 group by merchant_id
)
select
    merchants.merchant_id,
    coalesce(merchants.name, merchants.merchant_id) as name,
    coalesce(merchants.account_manager, '') as manager,
    merchants.plan,
    coalesce(flags.stage, 'unknown') as stage,
    coalesce(flags.at_risk_since, stages.entered_on) as since,
    flags.churn_probability, coalesce(flags.is_churn_flagged, false) as is_churn_flagged,
    coalesce(flags.expected_loss, 0) as expected_loss, coalesce(flags.at_stake, 0) as at_stake,
    coalesce(flags.reasons, []) as reasons, flags.days_since_last_order, flags.days_since_last_login,
    coalesce(flags.revenue_28d, 0) as revenue_28d, coalesce(flags.revenue_prev_28d, 0) as revenue_prev_28d,
    coalesce(year.revenue_365d, 0) as revenue_365d,
    coalesce(per_fan.fans_end, 0) as fans, coalesce(per_fan.window_fans, 0) as window_fans,
    coalesce(per_fan.buying_fans, 0) as buying_fans, per_fan.revenue_per_fan_annualised as revenue_per_fan,
    growth.month as growth_month, growth.revenue_change as month_change, growth.user_effect, growth.per_fan_effect,
    retention.retention, coalesce(teams.teams_closed, 0) as teams_closed, teams.formation_rate,
    coalesce(spread.shares, 0) as shares, coalesce(spread.opens, 0) as opens, coalesce(spread.revenue_led, 0) as revenue_led,
    getvariable('as_of') - timezone(
        getvariable('timezone'), timezone('UTC', coalesce(merchants.onboarded_at, merchants.first_event_at))
    )::date as days_since_start
from {db}.marts.merchants
left join {db}.marts.merchant_churn_flags as flags on merchants.merchant_id = flags.merchant_id
left join {db}.marts.per_fan_revenue as per_fan on merchants.merchant_id = per_fan.merchant_id
left join growth on merchants.merchant_id = growth.merchant_id
left join retention on merchants.merchant_id = retention.merchant_id
left join teams on merchants.merchant_id = teams.merchant_id
left join spread on merchants.merchant_id = spread.merchant_id
left join stages on merchants.merchant_id = stages.merchant_id
left join year on merchants.merchant_id = year.merchant_id
"""

# The merchants that need a call, and by which rules: see about.call_text in the catalogues. Those that have left or not sold
# yet have nothing at stake: they come last, in the order of what they sold in a year.
_LISTED = """
create temp table listed_{db} as
with rules as (
    select
        *,
        stage = 'churned' and since > getvariable('as_of') - 30 as has_left,
        stage = 'launching' and days_since_last_order is null and days_since_start >= 7 as has_not_sold,
        revenue_prev_28d > 0 and revenue_28d < 0.7 * revenue_prev_28d as has_fallen
    from overview_{db}
)
select
    *,
    row_number() over (
        partition by manager order by at_stake desc, revenue_365d desc, churn_probability desc nulls last, merchant_id
    ) as rank
from rules
where has_left or has_not_sold or is_churn_flagged or has_fallen
"""

# Fans whose teams formed, and fans whose shares others open: whom to win and whom to thank.
_LEADERS = f"""
create temp table leaders_{{db}} as
select leaders.*, fans.shown as fan
from {{db}}.marts.team_leaders as leaders
join fans_{{db}} as fans on leaders.merchant_id = fans.merchant_id and leaders.user_id = fans.user_id
where fans.may_contact and leaders.formed_organic > 0
qualify row_number() over (
    partition by leaders.merchant_id order by leaders.formed_organic desc, leaders.opened, fans.shown
) <= {people.LEADERS}
"""
_SPREADERS = f"""
create temp table spreaders_{{db}} as
select spreaders.*, fans.shown as fan
from {{db}}.marts.spreaders as spreaders
join fans_{{db}} as fans on spreaders.merchant_id = fans.merchant_id and spreaders.user_id = fans.user_id
where fans.may_contact and (spreaders.openers > 0 or spreaders.revenue_led > 0)
qualify row_number() over (
    partition by spreaders.merchant_id order by spreaders.revenue_led desc, spreaders.openers desc, fans.shown
) <= {people.SPREADERS}
"""
