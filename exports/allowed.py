"""The allow-list: each table that may leave, each of its columns, and why.

A mart or column that is not here is not exported. Left out of a merchant's pack on purpose: everything about the platform or
other merchants (`platform_spreaders`, `islands`, `spread_motifs`, `team_formation_by_region`, the rows `all` of
`spread_concentration`, all marts about ingest), the platform's own judgement of the merchant (`merchant_churn_flags`) and of
its models, and every attribute of a person. A region may be a person's: teams are counted by region only where enough people
took part, and by day only without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exports.people import SMALLEST_CELL


class Why(StrEnum):
    """Why a column may leave."""

    KEY = "names the row"
    FIGURE = "a figure of this merchant alone, without an attribute of a person"
    FAN = "a fan of this merchant, who owns its fans; nobody else is named"
    MERCHANT = "about the merchant, for its account manager"


@dataclass(frozen=True)
class Table:
    """One table of a pack.

    Attributes:
        name: of its files.
        sql: its rows; `{db}` is the catalog they are read from.
        owner: the column that names whose pack a row is in.
        columns: reason by column, in the order of the file.
        mart: where the descriptions of its columns stand.
        person_key: the person who names the row, if one does. Such rows have a `row_id`, by which the end of one can be told
            without naming anybody.
    """

    name: str
    sql: str
    owner: str
    columns: dict[str, Why]
    mart: str
    person_key: str | None = None

    @property
    def key(self) -> list[str]:
        """The columns that name a row."""
        return [column for column, why in self.columns.items() if why is Why.KEY or column == self.person_key]

    @property
    def persons(self) -> list[str]:
        return [column for column, why in self.columns.items() if why is Why.FAN]


def _columns(key: str, figures: str, persons: str = "", why: Why = Why.FIGURE) -> dict[str, Why]:
    columns = dict.fromkeys(key.split(), Why.KEY) | dict.fromkeys(figures.split(), why)
    return {name: Why.FAN if name in persons.split() else reason for name, reason in columns.items()}


def _whole(mart: str, key: str, figures: str, sql: str = "select * from {db}.marts.%s") -> Table:
    return Table(mart, sql % mart if "%s" in sql else sql, "merchant_id", _columns(key, figures), mart)


def _of_fans(mart: str, figures: str) -> Table:
    """A mart of people: the rows of the merchant's fans."""
    sql = f"""select rows.* replace (fans.shown as user_id) from {{db}}.marts.{mart} as rows
        join fans_{{db}} as fans on rows.merchant_id = fans.merchant_id and rows.user_id = fans.user_id"""
    return Table(mart, sql, "merchant_id", _columns("merchant_id", f"user_id {figures}", "user_id"), mart, "user_id")


def _naming_fans(mart: str, key: str, figures: str, person: str) -> Table:
    """A mart whose rows name a person: the name stays empty unless it is a fan of the merchant."""
    sql = f"""select rows.* replace (fans.shown as {person}) from {{db}}.marts.{mart} as rows
        left join fans_{{db}} as fans on rows.merchant_id = fans.merchant_id and rows.{person} = fans.user_id"""
    return Table(mart, sql, "merchant_id", _columns(key, f"{person} {figures}", person), mart)


MERCHANT_TABLES = (
    _whole(
        "per_fan_revenue",
        "merchant_id",
        """window_days avg_fans fans_end window_fans buying_fans direct_revenue assisted_revenue revenue_per_fan
        revenue_per_fan_annualised revenue_per_fan_p50 revenue_per_fan_p90 zero_revenue_fan_share""",
    ),
    _of_fans(
        "fan_revenue",
        """direct_revenue assisted_revenue_last_touch assisted_revenue_first_touch assisted_revenue_linear first_order_at
        orders refunds is_window_fan is_fan_at_end is_supporting_fan""",
    ),
    _whole(
        "growth_split",
        "merchant_id month",
        "revenue avg_fans revenue_per_fan is_complete revenue_change user_effect per_fan_effect",
    ),
    _whole(
        "cohort_retention",
        "merchant_id cohort_month period",
        "cohort_size retained_on retained_on_or_after orders revenue cumulative_revenue_per_fan is_complete",
    ),
    Table(
        "teams",
        """select merchant_id, size_required, benefit_side, goal, opened_date,
            columns(['opened', 'closed', 'formed_organic', 'formed_auto_filled', 'failed', 'open_at_as_of', 'members',
                'new_buyer_members'])::bigint
        from (
            select merchant_id, size_required, benefit_side, goal, opened_date, sum(opened) as opened, sum(closed) as closed,
                sum(formed_organic) as formed_organic, sum(formed_auto_filled) as formed_auto_filled, sum(failed) as failed,
                sum(open_at_as_of) as open_at_as_of, sum(members) as members, sum(new_buyer_members) as new_buyer_members
            from {db}.marts.team_formation group by all
        )""",
        "merchant_id",
        _columns(
            "merchant_id size_required benefit_side goal opened_date",
            "opened closed formed_organic formed_auto_filled failed open_at_as_of members new_buyer_members",
        ),
        "team_formation",
    ),
    Table(
        "team_regions",
        f"select * from {{db}}.marts.merchant_team_regions where people >= {SMALLEST_CELL}",
        "merchant_id",
        _columns(
            "merchant_id region",
            """opened closed formed_organic formed_auto_filled failed open_at_as_of formation_rate formation_rate_lo
            formation_rate_hi people""",
        ),
        "merchant_team_regions",
    ),
    _naming_fans(
        "cascades",
        "merchant_id root_share_id",
        """object_type object_id started_at shares sharers reach depth max_breadth structural_virality seconds_to_half orders
        revenue""",
        "root_user_id",
    ),
    _whole("cascade_layers", "merchant_id root_share_id depth", "shares sharers openers orders revenue"),
    _naming_fans(
        "cascade_nodes",
        "merchant_id share_id",
        "channel shared_at root_share_id parent_share_id parent_status depth subtree_shares subtree_orders subtree_revenue",
        "user_id",
    ),
    _of_fans(
        "spreaders",
        """shares opens openers orders_led revenue_led subtree_revenue influence influence_rank circles_reached
        bridge_score is_connector""",
    ),
    _whole("circle_quality", "merchant_id", "users edges circles median_members cpm_quality modularity"),
    _whole(
        "spread_concentration",
        "merchant_id metric",
        "users total top_1pct_share top_01pct_share users_for_half gini",
        "select * from {db}.marts.spread_concentration where merchant_id <> 'all'",
    ),
    _whole("share_mix", "merchant_id channel month", "shares share_of_shares opens orders revenue"),
    _of_fans(
        "lifetime_value",
        """frequency recency_weeks age_weeks monetary_value p_alive expected_orders_90d expected_orders_365d
        expected_value_365d""",
    ),
    _of_fans(
        "fan_churn_flags",
        "frequency recency_weeks age_weeks p_alive expected_orders_90d expected_value_365d is_churn_flagged",
    ),
)

MANAGER_TABLES = (
    Table(
        "calls",
        "select * from calls_{db}",
        "manager",
        _columns(
            "merchant_id",
            """rank name stage since churn_probability at_stake expected_loss reason_1 reason_2 reason_3 days_since_last_order
            days_since_last_login revenue_28d revenue_prev_28d revenue_365d""",
            why=Why.MERCHANT,
        ),
        "merchant_churn_flags",
    ),
    Table(
        "merchants",
        "select * from overview_{db}",
        "manager",
        _columns(
            "merchant_id",
            """name plan stage since churn_probability at_stake expected_loss fans revenue_per_fan revenue_28d revenue_prev_28d
            growth_month month_change user_effect per_fan_effect retention teams_closed formation_rate shares opens
            revenue_led""",
            why=Why.MERCHANT,
        ),
        "merchant_churn_flags",
    ),
    Table(
        "regions",
        f"""select overview_{{db}}.manager, regions.* from {{db}}.marts.merchant_team_regions as regions
        join overview_{{db}} using (merchant_id) where regions.people >= {SMALLEST_CELL}""",
        "manager",
        _columns(
            "merchant_id region",
            """opened open_at_as_of closed formed_organic formed_auto_filled failed formation_rate formation_rate_lo
            formation_rate_hi people""",
        ),
        "merchant_team_regions",
    ),
    Table(
        "leaders",
        "select overview_{db}.manager, leaders_{db}.* from leaders_{db} join overview_{db} using (merchant_id)",
        "manager",
        _columns("merchant_id", "fan opened open_at_as_of formed_organic formed_auto_filled failed last_opened_date", "fan"),
        "team_leaders",
        "fan",
    ),
    Table(
        "spreaders",
        "select overview_{db}.manager, spreaders_{db}.* from spreaders_{db} join overview_{db} using (merchant_id)",
        "manager",
        _columns("merchant_id", "fan shares openers revenue_led is_connector", "fan"),
        "spreaders",
        "fan",
    ),
    Table(
        "groups",
        """select overview_{db}.manager, groups.* from {db}.marts.group_activity as groups
        join overview_{db} using (merchant_id) where groups.state = 'dying'""",
        "manager",
        _columns("merchant_id group_id", "kind members last_message_date silent_days messages_7d messages_prev_7d"),
        "group_activity",
    ),
)
