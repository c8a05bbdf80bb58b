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
                coloured="z",
                text="The mean over merchants, red at 3 times the noise below, blue at as much above.",
            ),
        ),
    ),
)

_DAY = "window_days = 1 and is_as_of"
_WEEK = "window_days = 7 and is_as_of"
WHY = Board(
    "why",
    "Why payments moved",
    "What was paid beside what was to be expected, taken apart into its factors, the largest cause first.",
    (
        (
            _stands_at("Why payments moved"),
            Text(
                "Payments = buyers × paid per buyer; buyers = visitors × share who bought; paid per buyer = orders per buyer "
                "× paid per order. Each is set against the same merchant's windows before. Green and red lie 1.5 times their "
                "noise or more from that.",
                8,
                20,
            ),
        ),
        (
            Chart(
                "What moved payments of the day",
                "diagnosis",
                Kind.WATERFALL,
                (Of("SUM", "contribution", "Part of the change"),),
                x="place_in_tree",
                where=f"{_DAY} and contribution is not null and node in {LEAVES}",
                text="All merchants together: the parts add up to payments less what was to be expected.",
            ),
            Chart(
                "What moved payments of seven days",
                "diagnosis",
                Kind.WATERFALL,
                (Of("SUM", "contribution", "Part of the change"),),
                x="place_in_tree",
                where=f"{_WEEK} and contribution is not null and node in {LEAVES}",
                text="The same of the seven days to the day.",
            ),
        ),
        (
            Chart(
                "The tree of the day, by merchant",
                "diagnosis",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "place_in_tree",
                    "value",
                    "baseline",
                    "z",
                    "colour",
                    "contribution",
                    "cause_rank",
                    "advice",
                ),
                where=f"{_DAY} and basis <> 'none'",
                order="merchant_name, merchant_id, place_in_tree",
                rows=5000,
                width=12,
                height=80,
                coloured="z",
                text="Search for a merchant. Contributions of parts add up to that of what they are parts of.",
            ),
        ),
        (
            Chart(
                "Causes of the day",
                "diagnosis",
                Kind.ROWS,
                (
                    Of("SUM", "contribution", "Part of the change"),
                    Of("COUNT", "merchant_id", "Merchants"),
                ),
                by=("cause", "advice"),
                where=f"{_DAY} and cause_rank = 1",
                width=12,
                text="The first cause of each merchant, with what to do about it.",
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
                width=12,
                text="Opening fans + won + regained − lost = closing fans, of all merchants.",
            ),
        ),
        (
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
                width=12,
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
                text="net revenue / marketing money, of all months; 100 % pays the money back",
                width=8,
                height=20,
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
                width=12,
                forms=(("gini", ".2f"),),
                text="By opens; merchants with at least 20 sharers that somebody opened.",
            ),
        ),
        (
            Chart(
                "Largest cascades of 90 days",
                "largest_cascades",
                Kind.ROWS,
                by=("merchant_name", "root_share_id", "shares", "sharers", "depth", "orders", "revenue", "spread_map"),
                where="map_rank is not null",
                order="-shares",
                rows=1000,
                width=12,
                text="The map of a merchant draws its largest cascades; a link where FANOUT_EXPORTS_URL is set.",
            ),
        ),
        (
            Text(
                "**Maps.** One cascade: "
                "`python -m exports.spread_map --as-of <date> --merchant <merchant> --root-share-id <share>`."
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
        (
            Chart(
                "Clicks that pushes added",
                "live_pushes",
                Kind.ROWS,
                by=(
                    "live_id",
                    "merchant_name",
                    "pushed_at",
                    "product_id",
                    "action",
                    "clicks_before",
                    "clicks_after",
                    "clicks_lift",
                    "clicks_lift_lo",
                    "clicks_lift_hi",
                    "clicks_p_value",
                    "orders_lift",
                ),
                where="status = 'estimated'",
                order="-clicks_lift",
                rows=1000,
                width=12,
                height=60,
                text="Beyond the pace per viewer, against moments at which the product was not pushed. Pushed at is UTC.",
            ),
        ),
        (
            Chart(
                "Spend and revenue by channel of lives",
                "live_channels",
                Kind.BAR,
                (
                    Of("SUM", "spend", "Spend"),
                    Of("SUM", "direct_revenue", "Revenue of direct arrivals"),
                    Of("SUM", "revenue", "Revenue, with what fans passed on"),
                ),
                x="channel",
                axis="channel",
                rows=100,
            ),
            Chart(
                "Viewers and orders by layer of the spread",
                "live_spread",
                Kind.BAR,
                (Of("SUM", "viewers", "Viewers"), Of("SUM", "orders", "Orders")),
                x="layer",
                axis="shares between the live and the viewer; −1: orders of people who had not come",
                rows=100,
            ),
        ),
        (
            Chart(
                "Channels of lives that did not pay back",
                "live_channels",
                Kind.ROWS,
                by=(
                    "live_id",
                    "merchant_name",
                    "channel",
                    "spend",
                    "arrivals",
                    "viewers",
                    "direct_revenue",
                    "revenue",
                    "return_on_spend",
                ),
                where="verdict = 'not_paid_back'",
                order="-spend",
                rows=1000,
                width=12,
                height=50,
            ),
        ),
    ),
)

GROUPS = Board(
    "groups",
    "Groups",
    "How long chat groups live, which are to be revived, and how their people take shares.",
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
                "Groups to revive",
                "groups_to_revive",
                Kind.ROWS,
                by=("group_id", "merchant_name", "causes", "weakest_axis", "health", "members", "silent_days", "messages_7d"),
                order="health",
                rows=40,
                text="Living groups that fall silent, talk one way, are active while nobody buys, or have a red axis.",
            ),
        ),
        (
            Chart(
                "Groups alive",
                "community_days_totals",
                Kind.LINE,
                (Of("MAX", "groups_alive", "Alive"), Of("MAX", "groups_active", "Active")),
                x="date",
                rows=5000,
                text="A group that has been silent for 14 days died on the day of its last message.",
            ),
            Chart(
                "Groups born and died by week",
                "community_days_totals",
                Kind.BAR,
                (Of("SUM", "groups_born", "Born"), Of("SUM", "groups_died", "Died")),
                x="week_start",
                where="is_whole_week and is_final",
                rows=1000,
                text="Weeks in which no group can turn out to have died.",
            ),
        ),
        (
            Chart(
                "What drives groups, and what they bring",
                "group_lifetimes",
                Kind.ROWS,
                by=("value", "groups", "deaths", "deaths_expected", "logrank_p", "groups_active", "group_revenue_28d"),
                where="stratum = 'driver'",
                order="-group_revenue_28d",
                rows=20,
                forms=(("logrank_p", ".3f"), ("deaths_expected", ",.1f")),
                text="Deaths beside those expected if all drivers were alike; revenue of 28 days through the groups' shares.",
            ),
            Chart(
                "How people take the next share",
                "share_fatigue_totals",
                Kind.LINE,
                (
                    Of("MAX", "open_rate", "Open"),
                    Of("MAX", "open_rate_lo", "Open, 95 % from"),
                    Of("MAX", "open_rate_hi", "Open, 95 % to"),
                    Of("MAX", "lost_rate", "Leave"),
                ),
                x="k",
                axis="how manieth share of a sharer into the group within 30 days",
                rows=100,
                text="Of the people in the group when it came, within 7 days.",
            ),
        ),
    ),
)

PEOPLE = Board(
    "people",
    "People",
    "Who comes, stays, comes back and leaves, and who climbs.",
    (
        (
            _stands_at("People"),
            Chart(
                "People new, stayed and back",
                "community_months",
                Kind.BAR,
                (
                    Of("SUM", "new_users", "New"),
                    Of("SUM", "retained_users", "Stayed"),
                    Of("SUM", "resurrected_users", "Came back"),
                ),
                x="month_start",
                stacked=True,
                rows=500,
                width=8,
                height=40,
                text="Added up over merchants: who was active at two counts twice.",
            ),
        ),
        (
            Chart(
                "What people new, stayed and back paid",
                "community_months",
                Kind.BAR,
                (
                    Of("SUM", "revenue_new", "New"),
                    Of("SUM", "revenue_retained", "Stayed"),
                    Of("SUM", "revenue_resurrected", "Came back"),
                    Of("SUM", "revenue_other", "Others"),
                ),
                x="month_start",
                stacked=True,
                rows=500,
            ),
            Chart(
                "Active people on the festival axis",
                "community_days_totals",
                Kind.LINE,
                (Of("MAX", "active_users", "Active"),),
                x="festival_day",
                by=("festival_year",),
                where="festival_day is not null",
                axis="days since the Spring Festival",
                rows=1000,
                text="People active on a day, everybody once, by the festival's year.",
            ),
        ),
        (
            Chart(
                "The ladder from month to month",
                "ladder_transitions",
                Kind.HEAT,
                (Of("SUM", "people", "People"),),
                by=("from_step",),
                x="to_step",
                where="from_tier <> 'none'",
                rows=500,
                text="People by their step of a month (rows) and of the next (columns), all months.",
            ),
            Chart(
                "How long fans stay, by what won them",
                "fan_survival_totals",
                Kind.ROWS,
                by=("value", "fans", "lost", "survival_30d", "survival_90d", "lost_expected", "logrank_p"),
                where="merchant_id = 'all' and stratum = 'method'",
                order="-survival_30d",
                rows=20,
                forms=(("logrank_p", ".3f"), ("lost_expected", ",.1f")),
            ),
        ),
        (
            Chart(
                "Do friends leave together",
                "community_months",
                Kind.ROWS,
                by=(
                    "merchant_name",
                    "month",
                    "co_churn_exposed",
                    "co_churn_exposed_lost",
                    "co_churn_matched",
                    "retention_rate",
                ),
                where="co_churn_matched is not null",
                order="-month, merchant_name",
                rows=40,
                forms=(("co_churn_matched", ",.2f"),),
                text="Matched: how much likelier who has a friend that left is to leave, among people alike.",
            ),
            Chart(
                "Invitations of starters",
                "community_months",
                Kind.ROWS,
                by=("merchant_name", "month", "starters", "starters_observed", "accepted_30d", "k_factor", "cycle_days"),
                where="k_factor is not null",
                order="-month, merchant_name",
                rows=40,
                forms=(("k_factor", ",.2f"), ("cycle_days", ",.1f")),
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
            Chart(
                "Expectations judged",
                "gate_results",
                Kind.NUMBER,
                (Of("SUM", "expectations", "Expectations"),),
                text="by the gates of the ingests and of the publication",
                width=2,
                height=30,
            ),
            Chart(
                "Expectations broken",
                "gate_results",
                Kind.NUMBER,
                (Of("SUM", "warnings", "Warnings"),),
                text="all of them warnings: a failure stops the day",
                width=2,
                height=30,
            ),
            Chart(
                "What the gates found",
                "gate_results",
                Kind.ROWS,
                by=("gate", "is_passed", "expectations", "failures", "warnings", "broken"),
                order="gate",
                rows=20,
                width=8,
                height=30,
                text="The broken rows are in Airflow, Fanout → Data Docs.",
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
                order="-period_start",
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

LEADS = Board(
    "leads",
    "Leads",
    "Whom to call first, whether the score tells, how people take outreach, and how far representatives differ.",
    (
        (
            _stands_at("Leads"),
            Chart(
                "Leads by band and advice",
                "lead_scores",
                Kind.ROWS,
                (Of("COUNT", "user_id", "Leads"), "leads_bought_share"),
                by=("band", "advice"),
                width=8,
                height=34,
            ),
        ),
        (
            Chart(
                "Do high scores buy more",
                "lead_score_deciles_totals",
                Kind.BAR,
                (Of("MAX", "conversion_rate", "Bought within 30 days"),),
                x="decile",
                where="merchant_id = 'all' and decile > 0",
                axis="tenth of the leads by score, 10 the highest",
                text="Of all merchants: leads as they were scored 30 days before, and who of them has bought since.",
            ),
            Chart(
                "What rules say and what leads did",
                "lead_rules_review_totals",
                Kind.ROWS,
                by=(
                    "rule_id",
                    "points",
                    "leads",
                    "matched",
                    "log_odds_ratio",
                    "log_odds_ratio_lo",
                    "log_odds_ratio_hi",
                    "suggested_points",
                ),
                where="merchant_id = 'all'",
                order="-log_odds_ratio",
                text="Of all merchants: the points of a rule beside what buying says of who matches it.",
            ),
        ),
        (
            Chart(
                "Outreach that is accepted, by kind",
                "outreach_results",
                Kind.LINE,
                ("outreach_accepted_share",),
                by=("value",),
                x="month_start",
                where="stratum = 'kind'",
            ),
            Chart(
                "Outreach that is accepted, by local hour",
                "outreach_results",
                Kind.BAR,
                ("outreach_accepted_share_by_hour",),
                x="value",
                where="stratum = 'hour'",
                axis="local hour",
            ),
        ),
        (
            Chart(
                "Scripts",
                "outreach_results",
                Kind.ROWS,
                (
                    Of("SUM", "attempts", "Attempts"),
                    Of("SUM", "matured", "People after 7 days"),
                    "outreach_accepted_share_by_script",
                    Of("SUM", "attempts_after_opt_out", "Attempts after an opt-out"),
                ),
                by=("value",),
                where="stratum = 'script'",
            ),
            Chart(
                "Representatives",
                "sales_reps",
                Kind.ROWS,
                by=("month", "merchant_name", "rep_id", "matured", "purchase_rate", "purchase_rate_shrunk", "verdict"),
                where="rep_id <> 'unassigned'",
                order="-month, -purchase_rate_shrunk",
                text="The rate of each, drawn to the merchant's by its chance; above and below: by more than chance.",
            ),
        ),
        (
            Chart(
                "Purchases after fast and slow replies",
                "sales_reps",
                Kind.LINE,
                ("purchases_after_fast_replies", "purchases_after_slow_replies"),
                x="month_start",
                text="Fast: the first answer within 600 seconds.",
                width=12,
            ),
        ),
    ),
)

BOARDS = (MORNING, WHY, CUBE, FANS, CHANNELS, SPREAD, TEAMS, LIVE, GROUPS, PEOPLE, JOURNEYS, CAMPAIGNS, LEADS, QUALITY)
