"""The dashboards: which charts stand where."""

from __future__ import annotations

from dataclasses import dataclass

from contract.values import LEAVES
from dashboards.charts import Chart, Kind, Of

THIN = 30  # closed teams under which a rate says little, as for the designs of teams
_WHOLE = "is_whole_week"
_LEAVES_OF_DAYS = f"window_days = 1 and contribution is not null and node in {LEAVES}"


@dataclass(frozen=True)
class Text:
    """Words between charts, in Markdown."""

    words: str
    width: int = 12
    height: int = 12


@dataclass(frozen=True)
class Board:
    """A dashboard: rows of charts and words; a row is twelve columns wide."""

    slug: str
    title: str
    text: str
    rows: tuple[tuple[Chart | Text, ...], ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(part for row in self.rows for part in row if isinstance(part, Chart))


def _stands_at(board: str) -> Chart:
    return Chart(
        f"{board}: as of",
        "published",
        Kind.ROWS,
        by=("as_of", "currency", "timezone", "version"),
        rows=10,
        width=4,
        height=20,
        text="Business date that all figures stand at, the currency of money, the time zone of dates.",
    )


MORNING = Board(
    "this-morning",
    "This morning",
    "What happened in the last whole week, and whom to call today.",
    (
        (
            _stands_at("This morning"),
            Text("Weeks are whole weeks, Monday to Sunday. Revenue is payments less refunds, each on its date.", 8, 20),
        ),
        (
            Chart(
                "Net revenue of the week",
                "daily_merchant",
                Kind.TREND,
                ("net_revenue",),
                x="week_start",
                where=_WHOLE,
                lag="on the week before",
                width=3,
                height=30,
                rows=500,
            ),
            Chart(
                "Paid orders of the week",
                "daily_merchant",
                Kind.TREND,
                ("order_count",),
                x="week_start",
                where=_WHOLE,
                lag="on the week before",
                width=3,
                height=30,
                rows=500,
            ),
            Chart(
                "Merchants with a need to call",
                "merchant_overview",
                Kind.NUMBER,
                (Of("COUNT", "rank", "Merchants to call"),),
                text="on the call list of the success team",
                width=3,
                height=30,
            ),
            Chart(
                "At stake",
                "merchant_overview",
                Kind.NUMBER,
                (Of("SUM", "at_stake", "At stake"),),
                text="revenue of a year × probability of leaving",
                width=3,
                height=30,
            ),
        ),
        (
            Chart(
                "Net revenue by week",
                "daily_merchant",
                Kind.BAR,
                ("net_revenue",),
                x="week_start",
                where=_WHOLE,
                rows=500,
                width=8,
            ),
            Chart(
                "Merchants by stage",
                "merchant_overview",
                Kind.ROWS,
                (
                    Of("COUNT", "merchant_id", "Merchants"),
                    Of("SUM", "revenue_28d", "Revenue of 28 days"),
                    Of("SUM", "at_stake", "At stake"),
                ),
                by=("stage",),
                width=4,
            ),
        ),
        (
            Chart(
                "Calls, by what is at stake",
                "merchant_overview",
                Kind.ROWS,
                by=(
                    "name",
                    "manager",
                    "stage",
                    "days_since_last_order",
                    "days_since_last_login",
                    "revenue_28d",
                    "revenue_prev_28d",
                    "churn_probability",
                    "at_stake",
                ),
                where="rank is not null",
                order="-at_stake",
                rows=100,
                width=12,
                height=60,
                text="The call lists of all managers in one; what is at stake is revenue of a year × probability of leaving.",
            ),
        ),
        (
            Chart(
                "Red this morning",
                "red_merchants",
                Kind.ROWS,
                by=("merchant_id", "paid", "paid_expected", "paid_change", "cause", "cause_change", "advice"),
                order="paid_change",
                rows=100,
                width=12,
                text="Merchants whose payments of the day fell out of what was to be expected, with what moved them most.",
            ),
        ),
        (
            Chart(
                "What moved payments, by day",
                "diagnosis",
                Kind.BAR,
                (Of("SUM", "contribution", "Part of the change"),),
                x="date",
                by=("node",),
                where=_LEAVES_OF_DAYS,
                rows=5000,
                stacked=True,
                text="Payments against what was to be expected, all merchants together: the parts add up to the change.",
            ),
            Chart(
                "How far from what was to be expected",
                "diagnosis",
                Kind.HEAT,
                (Of("AVG", "z", "Distance in noise"),),
                x="date",
                by=("node",),
                where="window_days = 1 and z is not null",
                rows=5000,
                text="The mean over merchants; from 1.5 on a merchant is green, to −1.5 red.",
            ),
        ),
    ),
)

FANS = Board(
    "fans-and-money",
    "Fans and money",
    "Whether growth comes from more fans or from more per fan, who comes back, and what a fan brings.",
    (
        (
            _stands_at("Fans and money"),
            Chart(
                "Revenue per fan, all merchants",
                "per_fan_revenue",
                Kind.NUMBER,
                ("pooled_revenue_per_fan",),
                text="net revenue / average fans, up to 365 days",
                width=4,
                height=20,
            ),
            Chart(
                "Fans at the end",
                "per_fan_revenue",
                Kind.NUMBER,
                (Of("SUM", "fans_end", "Fans"),),
                text="of all merchants",
                width=4,
                height=20,
            ),
        ),
        (
            Chart(
                "Change of revenue on the month before",
                "growth_split",
                Kind.BAR,
                (Of("SUM", "user_effect", "By more or fewer fans"), Of("SUM", "per_fan_effect", "By more or less per fan")),
                x="month_start",
                where="is_complete and user_effect is not null",
                stacked=True,
                rows=1000,
                text="The two effects of each merchant add up to the change of its revenue; whole months only.",
            ),
            Chart(
                "Share of first orders in revenue",
                "orders",
                Kind.LINE,
                ("first_order_share",),
                x="week_start",
                where=_WHOLE,
                rows=500,
                text="By the date of payment, whole weeks only.",
            ),
        ),
        (
            Chart(
                "Who buys again, by months since the first order",
                "cohort_retention",
                Kind.HEAT,
                ("retention",),
                by=("cohort_month",),
                x="period",
                where="is_complete and period > 0",
                rows=5000,
                width=12,
                height=60,
                text="Of the people with their first order in a month, the part with an order so many months later.",
            ),
        ),
        (
            Chart(
                "How fans came and went",
                "traffic_assets",
                Kind.BAR,
                ("fans_won_direct", "fans_won_by_fission", "fans_regained", "fans_lost_by_unfollow", "fans_lost_by_block"),
                x="month_start",
                rows=1000,
                text="Opening fans + won + regained − lost = closing fans, of all merchants.",
            ),
            Chart(
                "The fan statement of merchants",
                "traffic_assets",
                Kind.ROWS,
                by=(
                    "month",
                    "merchant_name",
                    "opening_fans",
                    "won_direct",
                    "won_fission",
                    "regained",
                    "lost_unfollowed",
                    "lost_blocked",
                    "closing_fans",
                    "reachable_share",
                    "reproduction",
                ),
                order="-month",
                rows=1000,
                text="Reproduction: buyers whom a new buyer of the month brought within 30 days.",
            ),
        ),
        (
            Chart(
                "Revenue per fan with its interval",
                "per_fan_revenue",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "avg_fans",
                    "buying_fans",
                    "direct_revenue",
                    "revenue_per_fan",
                    "revenue_per_fan_lo",
                    "revenue_per_fan_hi",
                    "revenue_per_fan_annualised",
                ),
                where="window_fans >= 30",
                order="-revenue_per_fan_annualised",
                rows=50,
                width=12,
                height=60,
                text="Merchants with at least 30 fans in the window; 95 % of such intervals hold the true mean.",
            ),
        ),
        (
            Chart(
                "Spend per new buyer",
                "cohort_value",
                Kind.BAR,
                ("pooled_spend_per_new_fan",),
                x="cohort_month_start",
                rows=1000,
                text="Campaign spend of a month / people with their first order in it.",
            ),
            Chart("New buyers", "cohort_value", Kind.BAR, ("new_buyers",), x="cohort_month_start", rows=1000),
        ),
    ),
)

CHANNELS = Board(
    "channels",
    "Channels",
    "Which channels bring people, who of these buys and buys again, and what the money returns.",
    (
        (
            _stands_at("Channels"),
            Chart(
                "Revenue per money spent, all channels",
                "channel_returns",
                Kind.NUMBER,
                ("revenue_per_channel_spend",),
                text="net revenue / marketing money, of all months; 1 pays the money back",
                width=8,
                height=20,
                forms=(("revenue_per_channel_spend", ".2f"),),
            ),
        ),
        (
            Chart(
                "Who buys, by channel of arrival",
                "channel_returns",
                Kind.ROWS,
                (
                    "channel_arrivals",
                    "channel_conversion",
                    "channel_repurchase",
                    "channel_spend",
                    "channel_order_revenue",
                    "spend_per_channel_buyer",
                ),
                by=("channel", "domain"),
                rows=100,
                width=12,
                text="People by the channel of their first activity or follow, and what they did since; money by its own.",
            ),
        ),
        (
            Chart(
                "Arrivals by channel",
                "channel_returns",
                Kind.BAR,
                ("channel_arrivals",),
                by=("channel",),
                x="month_start",
                stacked=True,
                rows=5000,
            ),
            Chart(
                "Spend by channel",
                "channel_returns",
                Kind.BAR,
                ("channel_spend",),
                by=("channel",),
                x="month_start",
                stacked=True,
                rows=5000,
                where="spend > 0",
            ),
        ),
    ),
)

SPREAD = Board(
    "spread",
    "Spread",
    "Who passes things on, how far that goes, and through which channels.",
    (
        (
            _stands_at("Spread"),
            Chart(
                "What one sharer in a hundred brings",
                "spread_concentration_totals",
                Kind.ROWS,
                by=("metric", "users", "total", "top_1pct_share", "users_for_half", "gini"),
                rows=10,
                width=8,
                height=34,
                forms=(("gini", ".2f"),),
                order="metric",
                text="Of all merchants together; a Gini of 0 is equal, of 1 all by one person.",
            ),
        ),
        (
            Chart(
                "Shares by channel",
                "share_mix",
                Kind.BAR,
                (Of("SUM", "shares", "Shares"),),
                by=("channel",),
                x="month_start",
                stacked=True,
                rows=5000,
            ),
            Chart(
                "Orders by channel of the share",
                "share_mix",
                Kind.BAR,
                (Of("SUM", "orders", "Orders"),),
                by=("channel",),
                x="month_start",
                stacked=True,
                rows=5000,
            ),
        ),
        (
            Chart(
                "Fans by distance from the merchant",
                "supporting_fans",
                Kind.BAR,
                (Of("SUM", "fans", "Fans"), Of("SUM", "supporting_fans", "Supporting fans")),
                x="layer",
                axis="steps from the merchant",
                rows=100,
            ),
            Chart(
                "Sharers and openers by depth of a cascade",
                "cascade_layers",
                Kind.BAR,
                (Of("SUM", "sharers", "Sharers"), Of("SUM", "openers", "Openers")),
                x="depth",
                axis="depth below the first share",
                rows=100,
            ),
        ),
        (
            Chart(
                "Merchants with the most concentrated spread",
                "spread_concentration",
                Kind.ROWS,
                by=("merchant_name", "users", "total", "top_1pct_share", "users_for_half", "gini"),
                where="metric = 'opens' and users >= 20",
                order="-gini",
                rows=100,
                width=6,
                forms=(("gini", ".2f"),),
                text="By opens; merchants with at least 20 sharers that somebody opened.",
            ),
            Chart(
                "Largest cascades of 90 days",
                "largest_cascades",
                Kind.ROWS,
                by=("merchant_name", "root_share_id", "shares", "sharers", "depth", "orders", "revenue"),
                where="map_rank is not null",
                order="-shares",
                rows=1000,
                width=6,
            ),
        ),
        (
            Text(
                "**Maps.** Each merchant's largest cascades: `exports/<as_of>/merchants/<merchant>/spread_map.html`; "
                "one cascade by `python -m exports.spread_map --as-of <date> --merchant <merchant> --root-share-id <share>`."
            ),
        ),
    ),
)

_SOLID = f"closed >= {THIN} and region <> 'unknown'"
TEAMS = Board(
    "teams",
    "Teams",
    "Where team purchases form, with which design, and how sure that is.",
    (
        (
            _stands_at("Teams"),
            Chart(
                "Teams that form",
                "team_formation",
                Kind.NUMBER,
                ("formation_rate",),
                text="of the closed ones, without seats filled by the platform",
                width=4,
                height=20,
            ),
            Text(f"Regions and designs with fewer than {THIN} closed teams are left out: their rates say little.", 4, 20),
        ),
        (
            Chart(
                "Formation rate on the map",
                "team_formation_by_region_totals",
                Kind.MAP,
                ("pooled_formation_rate",),
                by=("region_on_map",),
                where=_SOLID,
                height=70,
            ),
            Chart(
                "Formation rate by region",
                "team_formation_by_region_totals",
                Kind.ROWS,
                by=(
                    "region_name",
                    "closed",
                    "formation_rate",
                    "formation_rate_lo",
                    "formation_rate_hi",
                    "opens_per_1000_users",
                ),
                where=_SOLID,
                order="-formation_rate",
                rows=40,
                height=70,
                text="All months; 95 % Wilson intervals.",
            ),
        ),
        (
            Chart(
                "Teams by the week of their opening",
                "team_formation",
                Kind.BAR,
                (
                    Of("SUM", "formed_organic", "Formed"),
                    Of("SUM", "formed_auto_filled", "Formed with filled seats"),
                    Of("SUM", "failed", "Failed"),
                    Of("SUM", "open_at_as_of", "Still open"),
                ),
                x="week_start",
                where=_WHOLE,
                stacked=True,
                rows=1000,
                width=12,
            ),
        ),
        (
            Chart(
                "Designs, with region and product mix held equal",
                "team_design",
                Kind.ROWS,
                by=(
                    "size_required",
                    "benefit_side",
                    "goal",
                    "closed",
                    "formation_rate",
                    "formation_rate_lo",
                    "formation_rate_hi",
                    "formation_rate_standardised",
                    "new_buyers_per_closed_team",
                ),
                where="not is_thin",
                order="-formation_rate_standardised",
                rows=40,
                width=12,
            ),
        ),
    ),
)

LIVE = Board(
    "live",
    "Live",
    "What live streams bring, and when in a stream people come, click and buy.",
    (
        (
            _stands_at("Live"),
            Chart("Live streams", "live_sessions", Kind.NUMBER, ("count",), text="in the history", width=4, height=20),
            Chart(
                "New fans through live streams",
                "live_sessions",
                Kind.NUMBER,
                (Of("SUM", "new_fans", "New fans"),),
                text="in the history",
                width=4,
                height=20,
            ),
        ),
        (
            Chart(
                "Viewers by minute of the stream",
                "live_minutes",
                Kind.LINE,
                (Of("AVG", "viewers", "Viewers, mean", ",.1f"),),
                x="minute",
                where="minute < 180",
                axis="minute",
                rows=200,
            ),
            Chart(
                "Clicks and orders by minute of the stream",
                "live_minutes",
                Kind.LINE,
                (Of("SUM", "product_clicks", "Clicks"), Of("SUM", "orders", "Orders")),
                x="minute",
                where="minute < 180",
                axis="minute",
                rows=200,
            ),
        ),
        (
            Chart(
                "Streams with the most revenue",
                "live_sessions",
                Kind.ROWS,
                by=(
                    "title",
                    "merchant_name",
                    "started_date",
                    "viewers",
                    "peak_viewers",
                    "average_viewers",
                    "product_clicks",
                    "orders",
                    "revenue",
                    "new_fans",
                ),
                order="-revenue",
                rows=1000,
                width=12,
                height=60,
                text="Started at is UTC.",
            ),
        ),
    ),
)

GROUPS = Board(
    "groups",
    "Groups",
    "How long chat groups live, and which are falling silent.",
    (
        (
            _stands_at("Groups"),
            Chart(
                "Groups by state",
                "group_activity",
                Kind.ROWS,
                (
                    Of("COUNT", "group_id", "Groups"),
                    Of("SUM", "members", "Members"),
                    Of("SUM", "messages_7d", "Messages of 7 days"),
                ),
                by=("state",),
                width=8,
                height=30,
            ),
        ),
        (
            Chart(
                "How long groups live",
                "group_survival_totals",
                Kind.LINE,
                (
                    Of("MAX", "survival", "Still alive"),
                    Of("MAX", "survival_lo", "95 % from"),
                    Of("MAX", "survival_hi", "95 % to"),
                ),
                x="day",
                axis="days since the group began",
                rows=1000,
                text="Kaplan-Meier estimate of all groups.",
            ),
            Chart(
                "How long groups live, by what drives them",
                "group_survival",
                Kind.LINE,
                (Of("MAX", "survival", "Still alive"),),
                by=("value",),
                x="day",
                where="stratum = 'driver' and value <> 'unknown'",
                axis="days since the group began",
                rows=5000,
            ),
        ),
        (
            Chart(
                "Lifetimes",
                "group_lifetimes",
                Kind.ROWS,
                by=("stratum", "value", "groups", "deaths", "median_days", "rmst_90"),
                where="value <> 'unknown'",
                order="stratum",
                rows=40,
                text="In days.",
            ),
            Chart(
                "Groups that fall silent",
                "group_activity",
                Kind.ROWS,
                by=("group_id", "merchant_name", "kind", "members", "silent_days", "messages_7d", "messages_prev_7d"),
                where="state = 'dying'",
                order="-members",
                rows=40,
            ),
        ),
    ),
)

JOURNEYS = Board(
    "journeys",
    "Journeys",
    "What people do before they buy, and on which page they leave.",
    (
        (
            _stands_at("Journeys"),
            Text(
                "A journey is what a person does at a merchant without a gap of more than 30 minutes or another visit. A page "
                "leaks where clearly more journeys end than on the merchant's other pages of the kind, and at least one order "
                "less comes after it than after those.",
                8,
                20,
            ),
        ),
        (
            Chart(
                "From the entry to the order, by channel",
                "journeys",
                Kind.BAR,
                ("journey_count", "product_journeys", "paid_journey_count"),
                x="entry_channel",
                text="Channel of the first thing that a person did; none where nothing tells it.",
            ),
            Chart(
                "Share of journeys with an order, by week",
                "journeys",
                Kind.LINE,
                ("paid_journey_share",),
                by=("entry_channel",),
                x="week_start",
                where=_WHOLE,
                rows=2000,
            ),
        ),
        (
            Chart(
                "Pages that leak",
                "leaking_pages",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "object_type",
                    "title",
                    "journeys",
                    "exits",
                    "exit_rate",
                    "other_exit_rate",
                    "paid_journeys",
                    "expected_paid_journeys",
                    "missing_paid_journeys",
                ),
                order="-missing_paid_journeys",
                width=12,
                text="Journeys begun in the last 28 days; the page that costs most orders comes first.",
            ),
        ),
        (
            Chart(
                "Pages by views",
                "page_funnel",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "object_type",
                    "object_id",
                    "views",
                    "viewers",
                    "journeys",
                    "entrances",
                    "exit_rate",
                    "median_dwell_ms",
                    "conversion",
                ),
                order="-views",
                width=12,
            ),
        ),
    ),
)

QUALITY = Board(
    "data-quality",
    "Data quality",
    "What was delivered, what was accepted, and what was refused and why.",
    (
        (
            _stands_at("Data quality"),
            Chart(
                "Files that do not balance",
                "ingest_ledger",
                Kind.NUMBER,
                (Of("COUNT", "file", "Files"),),
                where="not is_balanced",
                text="lines read that have no fate; must be 0",
                width=4,
                height=20,
            ),
            Chart(
                "Lines in quarantine",
                "ingest_ledger",
                Kind.NUMBER,
                (Of("SUM", "quarantined", "Lines"),),
                text="of all deliveries",
                width=4,
                height=20,
            ),
        ),
        (
            Chart(
                "Lines by week of delivery",
                "ingest_ledger",
                Kind.BAR,
                (
                    Of("SUM", "accepted", "Accepted"),
                    Of("SUM", "duplicate", "Duplicate"),
                    Of("SUM", "quarantined", "Quarantined"),
                    Of("SUM", "erased", "Erased"),
                    Of("SUM", "withdrawn", "Withdrawn"),
                ),
                x="week_start",
                stacked=True,
                rows=1000,
            ),
            Chart(
                "Events by type",
                "event_registry",
                Kind.ROWS,
                (Of("SUM", "events", "Events"), Of("MAX", "event_date", "Newest")),
                by=("event_type",),
            ),
        ),
        (
            Chart(
                "The ledger",
                "ingest_ledger",
                Kind.ROWS,
                (
                    Of("COUNT", "file", "Files"),
                    Of("SUM", "rows_read", "Read"),
                    Of("SUM", "accepted", "Accepted"),
                    Of("SUM", "duplicate", "Duplicate"),
                    Of("SUM", "quarantined", "Quarantined"),
                    Of("SUM", "erased", "Erased"),
                    Of("SUM", "withdrawn", "Withdrawn"),
                ),
                by=("source",),
                width=12,
                height=30,
            ),
        ),
        (
            Chart(
                "Why lines are in quarantine",
                "quarantine_reasons",
                Kind.ROWS,
                (Of("SUM", "rows", "Lines"),),
                by=("source", "reason"),
                rows=100,
            ),
            Chart(
                "Unreadable files",
                "unreadable_files",
                Kind.ROWS,
                by=("source", "dt", "file", "bytes", "error"),
                order="-dt",
                rows=50,
            ),
        ),
        (
            Text(
                "**Gates.** What each gate checked and refused is in Airflow, *Fanout → Gate results* and *Data Docs*. "
                "A version that is shown here has passed the gate of its publication."
            ),
        ),
    ),
)

_WEEKS = "period = 'week' and is_complete"
CUBE = Board(
    "cube",
    "Ten aspects",
    "What moved, week by week, in everything that a merchant does, and where.",
    (
        (
            _stands_at("Ten aspects"),
            Text(
                "Whole weeks of merchants, Monday to Sunday. People count once a week at each merchant, so they do not add up "
                "over weeks. Revenue is payments less refunds, each on its date.",
                8,
                20,
            ),
        ),
        (
            Chart(
                "Ten aspects by week",
                "merchant_cube_totals",
                Kind.ROWS,
                (
                    Of("SUM", "orders", "Orders"),
                    Of("SUM", "active_users", "Active users"),
                    Of("SUM", "products_sold", "Products sold"),
                    Of("SUM", "campaign_orders", "Campaign orders"),
                    Of("SUM", "fans", "Fans"),
                    Of("SUM", "revenue", "Revenue"),
                    Of("SUM", "shared_revenue", "Revenue through shares"),
                    Of("SUM", "messages", "Messages in groups"),
                    Of("SUM", "live_revenue", "Revenue of live streams"),
                    Of("SUM", "orders_refunded", "Orders refunded"),
                    Of("SUM", "logins", "Logins"),
                ),
                by=("period_start",),
                where=_WEEKS,
                rows=26,
                width=12,
                height=60,
            ),
        ),
        (
            Chart(
                "Paid and refunded by week",
                "merchant_cube_totals",
                Kind.BAR,
                (Of("SUM", "paid", "Paid"), Of("SUM", "refunded", "Refunded")),
                x="period_start",
                where=_WEEKS,
                rows=500,
            ),
            Chart(
                "Revenue by channel of the order",
                "merchant_cube",
                Kind.BAR,
                (Of("SUM", "revenue", "Revenue"),),
                by=("member",),
                x="period_start",
                where=f"dimension = 'channel' and {_WEEKS}",
                stacked=True,
                rows=5000,
            ),
        ),
        (
            Chart(
                "Orders by kind of buyer",
                "merchant_cube",
                Kind.BAR,
                (Of("SUM", "orders", "Orders"),),
                by=("member",),
                x="period_start",
                where=f"dimension = 'buyer_kind' and {_WEEKS}",
                stacked=True,
                rows=1000,
            ),
            Chart(
                "Revenue by region of the order",
                "merchant_cube",
                Kind.BAR,
                (Of("SUM", "revenue", "Revenue"),),
                by=("member",),
                x="period_start",
                where=f"dimension = 'region' and {_WEEKS}",
                stacked=True,
                rows=5000,
            ),
        ),
        (
            Chart(
                "Products by month",
                "merchant_cube",
                Kind.ROWS,
                by=("period_start", "merchant_name", "member", "visitors", "orders", "items", "buyers", "line_value"),
                where="dimension = 'product' and period = 'month' and orders > 0",
                order="-period_start",
                rows=200,
                width=12,
                height=60,
                text="A product that was sold in the month; the visitors are those of its page.",
            ),
        ),
    ),
)

CAMPAIGNS = Board(
    "campaigns-and-leads",
    "Campaigns and leads",
    "What campaigns changed and which are not tracked, which red packets pay, and how merchants come to the platform.",
    (
        (
            _stands_at("Campaigns and leads"),
            Chart(
                "Campaigns by verdict",
                "campaign_review",
                Kind.ROWS,
                (
                    Of("COUNT", "campaign_id", "Campaigns"),
                    Of("SUM", "orders", "Orders"),
                    Of("SUM", "revenue", "Revenue"),
                    Of("SUM", "spend", "Spend"),
                ),
                by=("verdict",),
                width=8,
                height=34,
            ),
        ),
        (
            Chart(
                "Campaigns that are not tracked",
                "campaign_review",
                Kind.ROWS,
                by=("merchant_name", "campaign_id", "title", "status", "steps_planned", "steps_seen", "steps_missing"),
                where="verdict = 'untracked'",
                order="merchant_name",
                rows=200,
                text="Steps that were planned and of which no event names the campaign; or no steps at all.",
            ),
            Chart(
                "What campaigns changed",
                "campaign_review",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "campaign_id",
                    "treated",
                    "holdout",
                    "uplift",
                    "uplift_lo",
                    "uplift_hi",
                    "incremental_buyers",
                ),
                where="uplift is not null",
                order="-incremental_buyers",
                rows=200,
                text="Buyers among the people addressed less buyers among those left alone; 95 % intervals by Newcombe.",
            ),
        ),
        (
            Chart(
                "Packet curve: who shares, by size and tier",
                "red_packet_response_totals",
                Kind.BAR,
                (Of("MAX", "share_rate_isotonic", "Rising share rate"),),
                by=("city_tier",),
                x="band",
                where="merchant_id = 'all'",
                axis="size of the packet",
                rows=100,
                text="Of all merchants together; the rate rises with the size, packets that fall are pooled.",
            ),
            Chart(
                "Packet curve: what a packet gains",
                "red_packet_response_totals",
                Kind.ROWS,
                by=(
                    "city_tier",
                    "band",
                    "packets",
                    "share_rate",
                    "share_rate_isotonic",
                    "gain_per_packet",
                    "is_optimum",
                    "is_in_interval",
                ),
                where="merchant_id = 'all' and gain_per_packet is not null",
                order="city_tier",
                rows=100,
                text="Of all merchants together: rising rate × what a share brings × margin, less cost.",
            ),
        ),
        (
            Chart(
                "Lead funnel by week",
                "lead_funnel",
                Kind.BAR,
                tuple(
                    Of("SUM", stage, stage.capitalize())
                    for stage in ("leads", "contacted", "called", "contracted", "live", "activated")
                ),
                x="week",
                rows=5000,
                text="By the week of the lead's first event; the newest weeks have not had the time to go live.",
            ),
            Chart(
                "Leads by channel",
                "lead_funnel",
                Kind.ROWS,
                (
                    Of("SUM", "leads", "Leads"),
                    Of("SUM", "live", "Live"),
                    Of("SUM", "activated", "Activated"),
                    Of("SUM", "spend", "Spend"),
                    "cost_per_live_in_lead_funnel",
                ),
                by=("channel",),
            ),
        ),
    ),
)

BOARDS = (MORNING, CUBE, FANS, CHANNELS, SPREAD, TEAMS, LIVE, GROUPS, JOURNEYS, CAMPAIGNS, QUALITY)
