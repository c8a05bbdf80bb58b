"""The metrics of the marts: what may be added up, and what is divided by what after both were added up.

A rate is never averaged: its metric divides the sum of the numerators by the sum of the denominators. Each rate of a mart that
stands beside what it divides has such a metric, declared here or not. Total rows are left out.
dbt's semantic models follow from these declarations (`make contract`), and so do the metrics of the dashboards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from contract.columns import AS_OF, Column, Type
from contract.table import Table
from contract.tables import TABLES, marts

TOTAL = "is_total"  # the flag of rows that repeat others
_WORDS = {"and", "or", "not", "is", "null", "true", "false"}


class Aggregate(StrEnum):
    """What is done with a column."""

    SUM = "sum"
    COUNT = "count"
    LAST = "last"  # the sum of the last day: a stock, which is not added up over days


@dataclass(frozen=True)
class Measure:
    """An aggregate of a column, or of an expression over columns of a row, over the rows that meet a condition."""

    expression: str
    aggregate: Aggregate = Aggregate.SUM
    only: str | None = None


@dataclass(frozen=True)
class Metric:
    """A figure that can be grouped by what its table, or the merchant, has.

    Attributes:
        name: unique among all metrics.
        label: for a chart.
        text: what it says, in a sentence.
        table: the mart that it is of.
        numerator: what is added up.
        denominator: what that is divided by, of a rate.

    Raises:
        ValueError: there is no such mart or column, or what is added up is no number.
    """

    name: str
    label: str
    text: str
    table: str
    numerator: Measure
    denominator: Measure | None = None

    def __post_init__(self) -> None:
        if self.table not in TABLES or not TABLES[self.table].is_mart:
            raise ValueError(f"the metric {self.name} is of {self.table}, which is no mart; see contract/tables/")
        if not self.label.strip() or not self.text.strip():
            raise ValueError(f"the metric {self.name} needs a label and a text")
        for measure in self.measures:
            for column in self.columns(measure):
                if measure.aggregate is not Aggregate.COUNT and not column.type.is_number:
                    raise ValueError(f"the metric {self.name} adds up {self.table}.{column.name}, which is {column.type}")
            if measure.aggregate is Aggregate.LAST and (self.denominator or time_column(TABLES[self.table]) is None):
                raise ValueError(f"the metric {self.name} is a stock; it needs a table with days, and is not divided")
            for name in _names(measure.only or ""):
                self._column(name)

    def columns(self, measure: Measure) -> list[Column]:
        """The columns that a measure of it aggregates."""
        return [self._column(name) for name in _names(measure.expression)]

    def _column(self, name: str) -> Column:
        for column in TABLES[self.table].mart_columns:
            if column.name == name:
                return column
        raise ValueError(f"the metric {self.name} names {name}, which the mart {self.table} does not have")

    @property
    def measures(self) -> tuple[Measure, ...]:
        return (self.numerator, self.denominator) if self.denominator else (self.numerator,)

    @property
    def is_additive(self) -> bool:
        """Whether its SQL may be grouped by time; a stock is that of the last day of all."""
        return self.numerator.aggregate is not Aggregate.LAST

    @property
    def where(self) -> str | None:
        """The rows that it is of; None if all. Its SQL leaves out the others by itself."""
        return self.condition(self.measures[-1])

    @property
    def sql(self) -> str:
        """The aggregate over its table, in the SQL of DuckDB and of PostgreSQL."""
        numerator = self._aggregate(self.numerator)
        if self.denominator is None:
            return numerator
        if all(self._is_whole(measure) for measure in self.measures):
            numerator = f"1.0 * {numerator}"  # PostgreSQL divides whole numbers to a whole one
        return f"{numerator} / nullif({self._aggregate(self.denominator)}, 0)"

    def condition(self, measure: Measure) -> str | None:
        """The rows that one of its measures is of; None if all."""
        has_totals = any(column.name == TOTAL for column in TABLES[self.table].mart_columns)
        conditions = [f"not {TOTAL}"] * has_totals + ([measure.only] if measure.only else [])
        return " and ".join(conditions) or None

    def _is_whole(self, measure: Measure) -> bool:
        types = {column.type for column in self.columns(measure)}
        return measure.aggregate is Aggregate.COUNT or types == {Type.INTEGER}

    def _aggregate(self, measure: Measure) -> str:
        condition = self.condition(measure)
        conditions = [condition] if condition else []
        if measure.aggregate is Aggregate.LAST:
            day = time_column(TABLES[self.table])
            conditions.append(f"{day} = (select max({day}) from marts.{self.table})")
        function = Aggregate.COUNT if measure.aggregate is Aggregate.COUNT else Aggregate.SUM
        rows = f" filter (where {' and '.join(conditions)})" if conditions else ""
        return f"{function}({measure.expression}){rows}"


def _names(sql: str) -> list[str]:
    """The columns that a piece of SQL names."""
    return [word for word in re.findall(r"[a-z]\w*", re.sub(r"'[^']*'", "", sql)) if word not in _WORDS]


def time_column(table: Table) -> str | None:
    """What a table is grouped by time with: its day or month, else the day that it stands at; an instant has days of UTC."""
    return table.time or next((column.name for column in table.mart_columns if column.name == AS_OF.name), None)


def total(column: str, only: str | None = None) -> Measure:
    return Measure(column, Aggregate.SUM, only)


def rows(column: str, only: str | None = None) -> Measure:
    """How many rows have the column."""
    return Measure(column, Aggregate.COUNT, only)


def _of(table: str, *declared: tuple[str, str, str, Measure] | tuple[str, str, str, Measure, Measure]) -> Iterator[Metric]:
    """Metrics of one mart: name, label, text, what is added up, and what that is divided by."""
    for name, label, text, *measures in declared:
        yield Metric(name, label, text, table, *measures)


_SHARED = "via_share_id is not null"

_DECLARED: tuple[Metric, ...] = (
    *_of(
        "daily_merchant",
        ("net_revenue", "Net revenue", "Payments minus refunds, each on its date, reporting currency.", total("revenue")),
        ("refunded_amount", "Refunds", "Refunds on their date, reporting currency.", total("refunded")),
        ("order_count", "Paid orders", "Paid orders on their date.", total("orders")),
        ("visitors", "Visitors", "Visitors of each day, added up.", total("visitors")),
        ("buyers", "Buyers", "Buyers of each day, added up.", total("buyers")),
        ("fans_at_day_end", "Fans", "Fans at the end of the last day.", Measure("fans", Aggregate.LAST)),
        ("shares_made", "Shares", "Shares made.", total("shares")),
        ("shares_opened", "Opens", "Opens of known shares by others.", total("opens")),
        ("messages_posted", "Messages", "Messages in the merchant's chat groups.", total("messages")),
        (
            "buyers_per_visitor",
            "Buyers per page visitor",
            "Buyers of each day / people who viewed a page on the day, both added up. No conversion rate, and often above 1: "
            "people who buy in a chat group, a team or a live stream view no page.",
            total("buyers"),
            total("visitors"),
        ),
        ("opens_per_share", "Opens per share", "Opens by others / shares made.", total("opens"), total("shares")),
    ),
    *_of(
        "orders",
        ("orders_net", "Net of orders", "Payment of the orders less all their refunds, on the payment's date.", total("net")),
        ("orders_counted", "Orders", "Orders by their buyer, region and date.", rows("order_id")),
        ("orders_paid", "Paid", "Payment of the orders, before refunds.", total("paid")),
        ("orders_refunded", "Refunded", "All refunds of the orders, on the payment's date.", total("refunded")),
        ("net_per_order", "Net value of an order", "Payment less refunds, per order.", total("net"), rows("order_id")),
        ("paid_per_order", "Average order value", "Payment before refunds, per order.", total("paid"), rows("order_id")),
        ("refunded_share", "Refunded share", "Refunds of the orders / their payment.", total("refunded"), total("paid")),
        (
            "first_order_share",
            "Revenue share of first orders",
            "Net of the orders that are their buyer's first at the merchant / net of all orders.",
            total("net", "is_first_order"),
            total("net"),
        ),
        (
            "shared_order_share",
            "Revenue share of orders through shares",
            "Net of the orders that came through a share, known or not / net of all orders.",
            total("net", _SHARED),
            total("net"),
        ),
    ),
    *_of(
        "per_fan_revenue",
        (
            "window_revenue",
            "Revenue of a year",
            "Net revenue of the up to 365 days that end at as_of.",
            total("direct_revenue"),
        ),
        ("fans_at_as_of", "Fans at as_of", "Fans at the end of as_of.", total("fans_end")),
        (
            "pooled_revenue_per_fan",
            "Revenue per fan",
            "Net revenue of the windows / average fans, both added up over merchants, reporting currency.",
            total("direct_revenue"),
            total("avg_fans"),
        ),
        (
            "pooled_assisted_share",
            "Assisted share",
            "Net revenue of the orders through known shares / net revenue.",
            total("assisted_revenue"),
            total("direct_revenue"),
        ),
        (
            "buying_fan_share",
            "Share of fans who bought",
            "Fans of the window with a paid order in it / fans of the window; the rest is zero_revenue_fan_share.",
            total("buying_fans"),
            total("window_fans"),
        ),
    ),
    *_of(
        "per_fan_revenue_history",
        (
            "revenue_per_fan_by_month_end",
            "Revenue per fan by month end",
            "Net revenue of the windows that end with the month / average fans, both added up over merchants.",
            total("direct_revenue"),
            total("avg_fans"),
        ),
        (
            "buying_fan_share_by_month_end",
            "Share of fans who bought by month end",
            "Fans of the windows that end with the month and have a paid order in it / fans of the windows.",
            total("buying_fans"),
            total("window_fans"),
        ),
    ),
    *_of(
        "growth_split",
        (
            "revenue_of_fans_won",
            "Change through fans",
            "Part of the change that more or fewer fans explain.",
            total("user_effect"),
        ),
        (
            "revenue_per_fan_gained",
            "Change per fan",
            "Part of the change that each fan's revenue explains.",
            total("per_fan_effect"),
        ),
        (
            "month_revenue_per_fan",
            "Revenue per fan and month",
            "Net revenue of the complete months / their average fans, both added up.",
            total("revenue", "is_complete"),
            total("avg_fans", "is_complete"),
        ),
    ),
    *_of(
        "cohort_retention",
        (
            "retention",
            "Retention",
            "Fans with an order in the month / fans of their cohorts, complete months; look at it by period.",
            total("retained_on", "is_complete"),
            total("cohort_size", "is_complete"),
        ),
        (
            "next_month_retention",
            "Retention after one month",
            "Fans with an order in the month after that of their first / fans of their cohorts, complete months.",
            total("retained_on", "is_complete and period = 1"),
            total("cohort_size", "is_complete and period = 1"),
        ),
    ),
    *_of(
        "cohort_value",
        ("marketing_spend", "Marketing spend", "Marketing money spent in months that won new fans.", total("spend")),
        ("new_buyers", "New buyers", "Fans whose first order was in the month.", total("cohort_size")),
        (
            "pooled_spend_per_new_fan",
            "Spend per new buyer",
            "Marketing money of the month / fans whose first order was in it, where the spend is known.",
            total("spend", "spend is not null"),
            total("cohort_size", "spend is not null"),
        ),
    ),
    *_of(
        "product_sales",
        (
            "sales_of_products",
            "Sales of products",
            "Quantity × unit price of the orders' lines, before refunds.",
            total("sales"),
        ),
        ("pieces_sold", "Pieces sold", "Pieces in the orders' lines.", total("pieces")),
        (
            "margin_share",
            "Margin",
            "Sales less cost / sales, of the products whose cost is known.",
            total("margin"),
            total("sales_with_cost"),
        ),
    ),
    *_of(
        "channel_returns",
        ("channel_spend", "Spend by channel", "Marketing money by the channel that it was spent in.", total("spend")),
        ("channel_order_revenue", "Revenue of orders by channel", "Net revenue by channel of the orders.", total("revenue")),
        ("channel_arrivals", "Arrivals by channel", "People by channel of their first activity or follow.", total("arrivals")),
        (
            "channel_conversion",
            "Conversion of arrivals",
            "Buyers / arrivals, by the channel of arrival.",
            total("buyers"),
            total("arrivals"),
        ),
        (
            "channel_repurchase",
            "Repurchase of arrivals",
            "Buyers with orders on two dates or more / buyers, by the channel of arrival.",
            total("repeat_buyers"),
            total("buyers"),
        ),
        (
            "spend_per_channel_buyer",
            "Spend per buyer",
            "Marketing money in a channel / buyers among those who arrived by it.",
            total("spend"),
            total("buyers"),
        ),
        (
            "revenue_per_channel_spend",
            "Revenue per money spent",
            "Net revenue of the orders by a channel / the marketing money of the months.",
            total("revenue"),
            total("spend"),
        ),
    ),
    *_of(
        "traffic_assets",
        ("fans_won_direct", "Fans won directly", "People who became fans, neither by fission nor again.", total("won_direct")),
        (
            "fans_won_by_fission",
            "Fans won by fission",
            "People who became fans by another's share or invitation.",
            total("won_fission"),
        ),
        ("fans_regained", "Fans regained", "Spells of people who had been fans before.", total("regained")),
        ("fans_lost_by_unfollow", "Fans lost by unfollow", "Spells that ended by an unfollow.", total("lost_unfollowed")),
        ("fans_lost_by_block", "Fans lost by block", "Spells that ended by a block.", total("lost_blocked")),
    ),
    *_of(
        "chat_group_sales",
        ("chat_group_revenue", "Revenue of chat groups", "Net revenue through shares into chat groups.", total("revenue")),
        (
            "revenue_per_chat_group",
            "Revenue per chat group",
            "Net revenue through shares into chat groups / groups that were shared into.",
            total("revenue"),
            rows("group_id"),
        ),
    ),
    *_of(
        "journeys",
        ("journey_count", "Journeys", "Journeys of people through a merchant's pages, shares and lives.", rows("user_id")),
        (
            "product_journeys",
            "Journeys with a product",
            "Journeys in which a product's page was viewed or its share opened.",
            rows("user_id", "product_views > 0"),
        ),
        ("paid_journey_count", "Journeys with an order", "Journeys with a paid order.", rows("user_id", "orders > 0")),
        ("paid_in_journeys", "Paid in journeys", "Payment of the orders, before refunds, by journey.", total("paid")),
        (
            "paid_journey_share",
            "Share of journeys with an order",
            "Journeys with a paid order / journeys.",
            rows("user_id", "orders > 0"),
            rows("user_id"),
        ),
    ),
    *_of(
        "page_funnel",
        ("page_views", "Page views", "Views of pages in the journeys of 28 days.", total("views")),
        (
            "page_exit_rate",
            "Exit rate of pages",
            "Journeys that end on a page / journeys with a view of it, both added up over pages.",
            total("exits"),
            total("journeys"),
        ),
        (
            "page_conversion",
            "Conversion of pages",
            "Journeys with an order after their first view of a page / journeys with a view of it, both added up over pages.",
            total("paid_journeys"),
            total("journeys"),
        ),
    ),
    *_of(
        "fan_revenue",
        ("supporting_fan_count", "Supporting fans", "Supporting fans (支撑粉丝).", rows("user_id", "is_supporting_fan")),
        (
            "supporting_fan_share",
            "Share of supporting fans",
            "Supporting fans among the fans of the window / fans of the window.",
            rows("user_id", "is_window_fan and is_supporting_fan"),
            rows("user_id", "is_window_fan"),
        ),
    ),
    *_of(
        "share_mix",
        ("channel_shares", "Shares by channel", "Shares made in the channel and month.", total("shares")),
        ("channel_revenue", "Revenue through shares", "Net revenue of the orders through these shares.", total("revenue")),
        ("opens_per_channel_share", "Opens per share by channel", "Opens by others / shares.", total("opens"), total("shares")),
        (
            "orders_per_channel_share",
            "Orders per share by channel",
            "Orders through shares / shares.",
            total("orders"),
            total("shares"),
        ),
        (
            "revenue_per_channel_share",
            "Revenue per share",
            "Net revenue through shares / shares.",
            total("revenue"),
            total("shares"),
        ),
    ),
    *_of(
        "cascades",
        ("share_trees", "Share trees", "Shares that no other known share led to.", rows("root_share_id")),
        ("shares_per_tree", "Shares per tree", "Shares / share trees.", total("shares"), rows("root_share_id")),
        (
            "revenue_per_tree",
            "Revenue per tree",
            "Net revenue through shares / share trees.",
            total("revenue"),
            rows("root_share_id"),
        ),
    ),
    *_of(
        "spread_motifs",
        (
            "pooled_reciprocity",
            "Reciprocity",
            "Pairs of people who opened each other's shares / pairs of whom one did.",
            total("reciprocal_pairs"),
            total("pairs"),
        ),
    ),
    *_of(
        "team_formation",
        ("opened_teams", "Opened teams", "Teams opened.", total("opened")),
        ("closed_teams", "Closed teams", "Teams formed or failed.", total("closed")),
        ("formed_teams", "Formed teams", "Teams formed without the platform's help.", total("formed_organic")),
        (
            "formation_rate",
            "Formation rate",
            "Organically formed / closed teams, by the day of the opening.",
            total("formed_organic"),
            total("closed"),
        ),
        (
            "new_buyer_member_share",
            "Share of new buyers in teams",
            "Members without a paid order at the merchant before / members.",
            total("new_buyer_members"),
            total("members"),
        ),
    ),
    *_of(
        "team_formation_by_region",
        ("teams_opened_in_region", "Teams opened by region", "Teams opened.", total("opened")),
        (
            "region_formation_rate",
            "Formation rate by region",
            "Organically formed / closed teams.",
            total("formed_organic"),
            total("closed"),
        ),
    ),
    *_of(
        "team_design",
        (
            "design_formation_rate",
            "Formation rate by design",
            "Organically formed / closed teams.",
            total("formed_organic"),
            total("closed"),
        ),
        (
            "design_members_per_team",
            "Members per team by design",
            "Users present at the end / closed teams.",
            total("members"),
            total("closed"),
        ),
        (
            "design_new_buyers_per_team",
            "New buyers per team by design",
            "Members without a paid order at the merchant before / closed teams.",
            total("new_buyer_members"),
            total("closed"),
        ),
        (
            "design_revenue_per_team",
            "Revenue per team by design",
            "Net revenue of the orders of closed teams / closed teams, reporting currency.",
            total("revenue"),
            total("closed"),
        ),
    ),
    *_of(
        "merchant_team_regions",
        (
            "merchant_region_formation_rate",
            "Formation rate by merchant and region",
            "Organically formed / closed teams.",
            total("formed_organic"),
            total("closed"),
        ),
    ),
    *_of(
        "merchant_team_designs",
        (
            "merchant_design_formation_rate",
            "Formation rate by merchant and design",
            "Organically formed / closed teams.",
            total("formed_organic"),
            total("closed"),
        ),
    ),
    *_of(
        "community_months",
        (
            "user_retention_rate",
            "Retention of active users",
            "People active in a month and in the one before / people active in the one before, of months that are over.",
            total("retained_users", "lost_users is not null"),
            total("retained_users + lost_users", "lost_users is not null"),
        ),
        (
            "group_revenue_part",
            "Part of chat groups in revenue",
            "Net revenue through shares into the merchants' chat groups / net revenue.",
            total("group_revenue"),
            total("revenue"),
        ),
    ),
    *_of(
        "group_health",
        (
            "broadcast_open_rate",
            "Openers per broadcast delivery",
            "Deliveries after which a share into the group was opened within 24 hours / deliveries, of the last 28 days.",
            total("broadcast_openers"),
            total("broadcast_deliveries"),
        ),
        (
            "answered_question_share",
            "Share of questions answered",
            "Questions that another, an official, answered within 24 hours / questions, of the last 28 days.",
            total("answered_28d"),
            total("questions_28d"),
        ),
    ),
    *_of(
        "group_activity",
        ("group_count", "Chat groups", "Chat groups by the date of their creation.", rows("group_id")),
        ("group_members", "Members of chat groups", "Members, a person once in each group.", total("members")),
        (
            "messages_per_group",
            "Messages per group",
            "Messages of the last 7 days / groups.",
            total("messages_7d"),
            rows("group_id"),
        ),
        (
            "living_group_share",
            "Share of living groups",
            "Groups that are neither dying nor dead / groups.",
            rows("group_id", "state = 'alive'"),
            rows("group_id"),
        ),
    ),
    *_of(
        "live_sessions",
        ("live_revenue", "Revenue of live streams", "Net revenue of the orders that name the live.", total("revenue")),
        ("live_orders", "Orders of live streams", "Paid orders that name the live.", total("orders")),
        (
            "pooled_average_viewers",
            "Average viewers",
            "Time that all viewers were present / time that the streams lasted.",
            total("watch_seconds"),
            total("duration_seconds"),
        ),
        (
            "orders_per_live_viewer",
            "Orders per viewer",
            "Orders / viewers of each live, both added up.",
            total("orders"),
            total("viewers"),
        ),
        (
            "interacting_viewer_share",
            "Share of viewers who interact",
            "Viewers who did anything / viewers of each live, both added up.",
            total("interacting_viewers"),
            total("viewers"),
        ),
    ),
    *_of(
        "merchant_churn_flags",
        ("merchant_count", "Merchants", "Merchants that any event names.", rows("merchant_id")),
        (
            "flagged_merchants",
            "Flagged merchants",
            "Merchants that are about to leave.",
            rows("merchant_id", "is_churn_flagged"),
        ),
        ("revenue_at_stake", "At stake", "Yearly revenue × the probability that the merchant leaves.", total("at_stake")),
        ("revenue_28_days", "Revenue of 28 days", "Net revenue of the last 28 days.", total("revenue_28d")),
        (
            "flagged_merchant_share",
            "Share of flagged merchants",
            "Merchants that are about to leave / merchants.",
            rows("merchant_id", "is_churn_flagged"),
            rows("merchant_id"),
        ),
    ),
    *_of(
        "merchant_weeks",
        (
            "week_revenue",
            "Revenue of the week",
            "Net revenue of whole weeks, the last of which ends with as_of.",
            total("revenue"),
        ),
    ),
    *_of(
        "fan_funnel",
        (
            "repeat_buyer_share",
            "Share of buyers who bought again",
            "Fans of the window with more than one paid order / with one or more.",
            total("repeat_fans"),
            total("buying_fans"),
        ),
    ),
    *_of(
        "ingest_ledger",
        ("lines_read", "Lines read", "Lines of the landing files.", total("rows_read")),
        ("lines_quarantined", "Lines refused", "Lines in quarantine.", total("quarantined")),
        (
            "quarantined_share",
            "Share of lines refused",
            "Lines in quarantine / lines read.",
            total("quarantined"),
            total("rows_read"),
        ),
    ),
    *_of(
        "quarantine_reasons",
        ("quarantined_rows", "Lines refused by reason", "Lines in quarantine, by delivery and reason.", total("rows")),
    ),
    *_of(
        "event_registry",
        ("events_accepted", "Events", "Accepted events by type and business date.", total("events")),
    ),
    *_of(
        "lead_scores",
        ("leads_counted", "Leads", "People who did something at a merchant before buying there, or without.", rows("user_id")),
        (
            "leads_bought_share",
            "Leads that bought",
            "Leads with a paid order / leads, of all time.",
            rows("user_id", "state = 'converted'"),
            rows("user_id"),
        ),
    ),
    *_of(
        "outreach_results",
        (
            "outreach_attempts",
            "Attempts to reach out",
            "Outreaches of the month, by kind.",
            total("attempts", "stratum = 'kind'"),
        ),
        (
            "outreach_accepted_share",
            "Accepted outreach by kind",
            "People who accepted within 7 days / people whose 7 days are over, once a kind and month.",
            total("accepted", "stratum = 'kind'"),
            total("matured", "stratum = 'kind'"),
        ),
        (
            "outreach_accepted_share_by_script",
            "Accepted outreach by script",
            "People who accepted within 7 days / people whose 7 days are over, once a script and month.",
            total("accepted", "stratum = 'script'"),
            total("matured", "stratum = 'script'"),
        ),
        (
            "outreach_accepted_share_by_hour",
            "Accepted outreach by hour",
            "People who accepted within 7 days / people whose 7 days are over, once a local hour and month.",
            total("accepted", "stratum = 'hour'"),
            total("matured", "stratum = 'hour'"),
        ),
        (
            "opt_outs_per_person_reached",
            "Opt-outs by kind",
            "People who opted out or blocked within 7 days / people whose 7 days are over, once a kind and month.",
            total("opted_out", "stratum = 'kind'"),
            total("matured", "stratum = 'kind'"),
        ),
    ),
    *_of(
        "sales_reps",
        (
            "purchases_after_fast_replies",
            "Purchases after fast replies",
            "Customers answered within 600 s who bought / all who were.",
            total("fast_purchased"),
            total("fast"),
        ),
        (
            "purchases_after_slow_replies",
            "Purchases after slow replies",
            "Customers answered later or not at all who bought / all who were.",
            total("slow_purchased"),
            total("slow"),
        ),
    ),
)


def _pooled(declared: Iterable[Metric]) -> Iterator[Metric]:
    """For each rate that stands beside what it divides, and that no metric pools so far: the one that does."""
    known = {(metric.table, *(measure.expression for measure in metric.measures)) for metric in declared}
    for table in marts():
        for column in table.mart_columns:
            if column.quotient and (table.name, *column.quotient) not in known:
                label = f"{column.name} in {table.name}".replace("_", " ").capitalize()
                numerator, denominator = column.quotient
                text = f"Sum of ({numerator}) / sum of ({denominator}). Of a row: {column.text}"
                yield Metric(f"{column.name}_in_{table.name}", label, text, table.name, *map(total, column.quotient))


def _by_name() -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    labels: dict[str, str] = {}
    for metric in (*_DECLARED, *_pooled(_DECLARED)):
        if metric.name in metrics:
            raise ValueError(f"the metric {metric.name} is declared twice")
        if metric.label in labels:
            raise ValueError(f"the metrics {labels[metric.label]} and {metric.name} have one label, {metric.label}")
        metrics[metric.name] = metric
        labels[metric.label] = metric.name
    return metrics


METRICS: dict[str, Metric] = _by_name()
