"""The allow-list: each table that may leave, each of its columns, and why.

A mart or column that is not here is not exported. Left out of a merchant's pack on purpose: everything about the platform or
other merchants (`platform_spreaders`, `islands`, `spread_motifs`, `team_formation_by_region`, the rows `all` of
`spread_concentration`, all marts about ingest), the platform's own judgement of the merchant (`merchant_churn_flags`) and of
its models, and every attribute of a person. A region may be a person's: teams are counted by region only where enough people
took part, and by day only without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exports.policy.people import LEADERS, SMALLEST_CELL, SPREADERS


class Why(StrEnum):
    """Why a column may leave."""

    KEY = "names the row"
    FIGURE = "a figure of this merchant alone, without an attribute of a person"
    FAN = "a fan of this merchant, who owns its fans; nobody else is named"
    CONTACT = "whether the fan wants to be contacted, which anyone who could contact it has to know"
    MERCHANT = "about the merchant, for its account manager"
    DAY = "the day of all figures"


@dataclass(frozen=True)
class Table:
    """One table of a pack: rows of one mart, those that its owner may see.

    Attributes:
        name: of its files.
        mart: that it reads, in which the descriptions of its columns stand.
        columns: reason by column, in the order of the file. Each file ends with `as_of`, which no table needs to have.
        text: what a row is.
        owner: the column that names whose pack a row is in: `merchant_id`, or the `manager` of the merchant.
        where: SQL of which rows may leave.
        person: the column of the mart that names a person. Rows of people who may not be named are left out.
        shown_as: the column that names the person in the file.
        keeps_strangers: where the person may not be named, the row stays and the name is empty.
        person_key: the person who names the row, if one does. Such rows have a `row_id`, by which the end of one can be told
            without naming anybody.
        order: SQL of the order in which people read the rows of a merchant.
        most: rows of a merchant that may leave, the first in that order.
        ages: the columns that move though nothing happened, with what a day adds; None where a model follows the ages. A row
            in which nothing else changed is left out of the differences.
    """

    name: str
    mart: str
    columns: dict[str, Why]
    text: str
    owner: str = "merchant_id"
    where: str = "true"
    person: str | None = None
    shown_as: str = ""
    keeps_strangers: bool = False
    person_key: str | None = None
    order: str = ""
    most: int | None = None
    ages: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def key(self) -> list[str]:
        """The columns that name a row."""
        return [column for column, why in self.columns.items() if why is Why.KEY or column == self.person_key]

    @property
    def persons(self) -> list[str]:
        """The columns about a person, whose old values are never told: the row may have been of another."""
        return [column for column, why in self.columns.items() if why in (Why.FAN, Why.CONTACT)]

    def sql(self, db: str, merchants: str | None = None) -> str:
        """SQL of its rows in a catalog, all columns of the mart among them.

        Args:
            db: the catalog, which has the temp table `fans_<db>`.
            merchants: a table of the merchants to read, for all if there is none.
        """
        columns, joins, where = ["rows.*"], "", [f"({self.where})"]
        if self.person is not None:
            shown = f"fans.shown as {self.shown_as}"
            columns = [f"rows.* replace ({shown})"] if self.shown_as == self.person else ["rows.*", shown]
            columns += [f"fans.{column}" for column in _CONTACT if column in self.columns]
            joins += f"""{"left " if self.keeps_strangers else ""}join fans_{db} as fans
                on rows.merchant_id = fans.merchant_id and rows.{self.person} = fans.user_id"""
        if self.owner == "manager" and self.mart != OVERVIEW:
            columns.append("owners.manager")
            owners = f"(select merchant_id, manager from {db}.marts.{OVERVIEW})"
            joins += f" join {owners} as owners on rows.merchant_id = owners.merchant_id"
        if self.mart == OVERVIEW:
            columns.append("reasons_in_words.* exclude (merchant_id)")
            joins += f" left join reasons_{db} as reasons_in_words on rows.merchant_id = reasons_in_words.merchant_id"
        if merchants is not None:
            where.append(f"rows.merchant_id in (select merchant_id from {merchants})")
        first = f"qualify row_number() over (partition by rows.merchant_id order by {self.order}) <= {self.most}"
        return f"""select {", ".join(columns)} from {db}.marts.{self.mart} as rows {joins}
            where {" and ".join(where)} {first if self.most else ""}"""


OVERVIEW = "merchant_overview"  # the mart that knows a merchant's manager
# Beside a person who is named to a merchant: whether it may contact the person, and why not.
_CONTACT = ("may_contact", "no_contact_reason")
_LARGE_ENOUGH = f"people >= {SMALLEST_CELL}"


def _columns(key: str, figures: str, persons: str = "", why: Why = Why.FIGURE) -> dict[str, Why]:
    columns = dict.fromkeys(key.split(), Why.KEY) | dict.fromkeys(figures.split(), why)
    named = dict.fromkeys(persons.split(), Why.FAN) | dict.fromkeys(_CONTACT, Why.CONTACT)
    return {name: named.get(name, reason) for name, reason in columns.items()}


def _whole(mart: str, key: str, figures: str, text: str, where: str = "true") -> Table:
    return Table(mart, mart, _columns(key, figures), text, where=where)


def _of_fans(mart: str, figures: str, text: str, ages: Mapping[str, float | None] | None = None) -> Table:
    """A mart of people: the rows of the merchant's fans."""
    columns = _columns("merchant_id", f"user_id {' '.join(_CONTACT)} {figures}", "user_id")
    return Table(mart, mart, columns, text, person="user_id", shown_as="user_id", person_key="user_id", ages=ages or {})


def _naming_fans(mart: str, key: str, figures: str, person: str, text: str) -> Table:
    """A mart whose rows name a person: the name stays empty unless it is a fan of the merchant."""
    columns = _columns(key, f"{person} {' '.join(_CONTACT)} {figures}", person)
    return Table(mart, mart, columns, text, person=person, shown_as=person, keeps_strangers=True)


# What grows by itself from day to day, and what the model of repeat purchases makes of it (and of its parameters, which are
# fitted again every day).
_BUYER_AGES = {
    "age_weeks": 1 / 7,
    "p_alive": None,
    "expected_orders_90d": None,
    "expected_orders_365d": None,
    "expected_value_365d": None,
}


MERCHANT_TABLES = (
    _whole(
        "per_fan_revenue",
        "merchant_id",
        """window_days avg_fans fans_end window_fans buying_fans direct_revenue assisted_revenue revenue_per_fan
        revenue_per_fan_annualised revenue_per_fan_p50 revenue_per_fan_p90 zero_revenue_fan_share""",
        "The merchant: what a fan is worth to it, over up to 365 days.",
    ),
    _of_fans(
        "fan_revenue",
        """direct_revenue assisted_revenue_last_touch assisted_revenue_first_touch assisted_revenue_linear first_order_at
        orders refunds is_window_fan is_fan_at_end is_supporting_fan""",
        "A fan: what it bought and what its shares led to, over the days of per_fan_revenue.",
    ),
    _whole(
        "growth_split",
        "merchant_id month",
        "revenue avg_fans revenue_per_fan is_complete revenue_change user_effect per_fan_effect",
        "A month: its revenue, and how much of the change comes from the number of fans and from revenue per fan.",
    ),
    _whole(
        "cohort_retention",
        "merchant_id cohort_month period",
        "cohort_size retained_on retained_on_or_after orders revenue cumulative_revenue_per_fan is_complete",
        "The fans who first bought in cohort_month, in the month that is period months later.",
    ),
    Table(
        "teams",
        "merchant_team_designs",
        _columns(
            "merchant_id size_required benefit_side goal opened_date",
            "opened closed formed_organic formed_auto_filled failed open_at_as_of members new_buyer_members",
        ),
        "Team purchases of one design that were opened on one day.",
    ),
    Table(
        "team_regions",
        "merchant_team_regions",
        _columns(
            "merchant_id region",
            """opened closed formed_organic formed_auto_filled failed open_at_as_of formation_rate formation_rate_lo
            formation_rate_hi people""",
        ),
        f"Team purchases of one region, over all time; regions where fewer than {SMALLEST_CELL} people took part are left out.",
        where=_LARGE_ENOUGH,
    ),
    _naming_fans(
        "cascades",
        "merchant_id root_share_id",
        """object_type object_id started_at shares sharers reach depth max_breadth structural_virality seconds_to_half orders
        revenue""",
        "root_user_id",
        "A tree of shares, from the share that nobody's share led to.",
    ),
    _whole(
        "cascade_layers",
        "merchant_id root_share_id depth",
        "shares sharers openers orders revenue",
        "The shares of a tree that lie equally far from its root.",
    ),
    _naming_fans(
        "cascade_nodes",
        "merchant_id share_id",
        "channel shared_at root_share_id parent_share_id parent_status depth subtree_shares subtree_orders subtree_revenue",
        "user_id",
        "A share, and its place in its tree.",
    ),
    _of_fans(
        "spreaders",
        """shares opens openers orders_led revenue_led subtree_revenue influence influence_rank circles_reached
        bridge_score is_connector""",
        "A fan who shared, opened a share or had one opened in the last 90 days.",
    ),
    _whole(
        "circle_quality",
        "merchant_id",
        "users edges circles median_members cpm_quality modularity",
        "The merchant: how well circles describe who opens whose shares.",
    ),
    _whole(
        "spread_concentration",
        "merchant_id metric",
        "users total top_1pct_share top_01pct_share users_for_half gini",
        "A metric of spreaders: how few people bring how much of it.",
        "merchant_id <> 'all'",
    ),
    _whole(
        "share_mix",
        "merchant_id channel month",
        "shares share_of_shares opens orders revenue",
        "The shares of one channel and month.",
    ),
    _of_fans(
        "lifetime_value",
        """frequency recency_weeks age_weeks monetary_value p_alive expected_orders_90d expected_orders_365d
        expected_value_365d""",
        "A fan who ever ordered: what it may bring in the next year.",
        _BUYER_AGES,
    ),
    _of_fans(
        "fan_churn_flags",
        "frequency recency_weeks age_weeks p_alive expected_orders_90d expected_value_365d is_churn_flagged",
        "A fan who ever ordered: whether it counts as lost.",
        {column: step for column, step in _BUYER_AGES.items() if column != "expected_orders_365d"},
    ),
)

MANAGER_TABLES = (
    Table(
        "calls",
        OVERVIEW,
        _columns(
            "merchant_id",
            """rank name stage since churn_probability at_stake expected_loss reason_1 reason_2 reason_3 days_since_last_order
            days_since_last_login revenue_28d revenue_prev_28d revenue_365d""",
            why=Why.MERCHANT,
        ),
        "A merchant that needs a call, and why.",
        owner="manager",
        where="rank is not null",
    ),
    Table(
        "merchants",
        OVERVIEW,
        _columns(
            "merchant_id",
            """name plan stage since churn_probability at_stake expected_loss fans revenue_per_fan revenue_28d revenue_prev_28d
            growth_month month_change user_effect per_fan_effect retention teams_closed formation_rate shares opens
            revenue_led""",
            why=Why.MERCHANT,
        ),
        "A merchant of the account manager.",
        owner="manager",
    ),
    Table(
        "regions",
        "merchant_team_regions",
        _columns(
            "merchant_id region",
            """opened open_at_as_of closed formed_organic formed_auto_filled failed formation_rate formation_rate_lo
            formation_rate_hi people""",
        ),
        f"Team purchases of a merchant in one region, over all time; regions where fewer than {SMALLEST_CELL} people took part "
        "are left out.",
        owner="manager",
        where=_LARGE_ENOUGH,
        order="formation_rate nulls last, region",
    ),
    Table(
        "leaders",
        "leaders_to_win",
        _columns("merchant_id", "fan opened open_at_as_of formed_organic formed_auto_filled failed last_opened_date", "fan"),
        f"A leader to win: a fan whose teams formed, at most {LEADERS} a merchant. Who may not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="formed_organic desc, opened, fan",
        most=LEADERS,
    ),
    Table(
        "spreaders",
        "spreaders_to_thank",
        _columns("merchant_id", "fan shares openers revenue_led is_connector", "fan"),
        f"A spreader to thank: a fan whose shares others opened in the last 90 days, at most {SPREADERS} a merchant. Who may "
        "not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="revenue_led desc, openers desc, fan",
        most=SPREADERS,
    ),
    Table(
        "groups",
        "group_activity",
        _columns("merchant_id group_id", "kind members last_message_date silent_days messages_7d messages_prev_7d"),
        "A chat group that falls silent: no message for 7 days, or at most half as many as the week before.",
        owner="manager",
        where="state = 'dying'",
        order="members desc, group_id",
        ages={"silent_days": 1},
    ),
)
