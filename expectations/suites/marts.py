"""What must hold before marts are published: keys, ranges, and sums from mart to mart (SPEC.md, section 3).

`getvariable('as_of')` is the business date of the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterable

from contract.events import EVENT_TYPES, SOURCES, Reason
from expectations.suites import COMPLETE, Expectation, Severity, Suite, agree, holds, mart, of_the_day, one_of

PARENT_STATUSES = ("root", "missing", "other_object", "self", "time_inverted", "cycle", "declared")
STAGES = ("launching", "operating", "at_risk", "churned", "recovered")
QUADRANTS = ("many_opens_high_rate", "many_opens_low_rate", "few_opens_high_rate", "few_opens_low_rate")
FALLBACKS = ("none", "too_few_customers", "not_converged")
METRICS = ("shares", "opens", "orders_led", "revenue_led")


def _whole(figure: str) -> str:
    """A figure of money that has to agree with another, null where the merchant's money need not fit."""
    return f"case when merchant_id in {COMPLETE} then {figure} end"


def _ingest() -> Iterable[Suite]:
    yield mart(
        "ingest_ledger",
        "source, dt, file",
        holds(
            "marts.ingest_ledger",
            "file",
            "balanced",
            "is_balanced and rows_read = accepted + duplicate + quarantined + erased + withdrawn",
            "rows_read, accepted, duplicate, quarantined, erased, withdrawn",
        ),
        one_of("marts.ingest_ledger", "file", "source", SOURCES),
        there="rows_read accepted duplicate quarantined erased withdrawn is_balanced",
        least_0="rows_read accepted duplicate quarantined erased withdrawn",
        empty=Severity.FAIL,
    )
    yield mart(
        "quarantine_reasons",
        "source, dt, reason",
        one_of("marts.quarantine_reasons", "source, dt", "reason", Reason),
        agree(
            "adds up to ledger",
            "the quarantined rows of a source and dt are those of the ledger",
            "select source, dt, sum(rows) as quarantined from marts.quarantine_reasons group by all",
            "select source, dt, sum(quarantined) as quarantined from marts.ingest_ledger where quarantined > 0 group by all",
            needs=("ingest_ledger",),
        ),
        there="rows example_file example_line",
        least_1="rows example_line",
        empty=None,
    )
    yield mart(
        "unreadable_files",
        "source, dt, file",
        Expectation(
            "gave no rows",
            "a file that could not be read gave no rows",
            "select file, rows_read from marts.ingest_ledger join marts.unreadable_files using (file) where rows_read > 0",
            needs=("ingest_ledger",),
        ),
        there="error",
        least_0="bytes",
        empty=None,
    )
    yield mart(
        "event_registry",
        "event_type, event_date",
        one_of("marts.event_registry", "event_date, events", "event_type", EVENT_TYPES),
        agree(
            "adds up to ledger",
            "the events of all types and days are the accepted rows of the ledger",
            "select coalesce(sum(events), 0) as events from marts.event_registry",
            "select coalesce(sum(accepted), 0) as events from marts.ingest_ledger",
            needs=("ingest_ledger",),
        ),
        there="events",
        least_1="events",
    )


def _spread() -> Iterable[Suite]:
    cascade = "merchant_id, root_share_id"
    yield mart(
        "cascades",
        cascade,
        holds("marts.cascades", cascade, "tree", "sharers <= shares and depth < shares and max_breadth <= shares - depth"),
        holds("marts.cascades", cascade, "virality", "(structural_virality is null) = (shares = 1)", "structural_virality"),
        there="root_user_id object_type object_id started_at shares sharers reach depth max_breadth orders",
        money="revenue",
        least_0="reach depth orders seconds_to_half",
        least_1="shares sharers max_breadth structural_virality",
    )
    yield mart(
        "cascade_layers",
        f"{cascade}, depth",
        agree(
            "adds up to cascades",
            "layers from 0 to depth add up to the shares, orders and revenue of their cascade, the broadest is max_breadth",
            f"""select {cascade}, sum(shares) as shares, sum(orders) as orders, sum({_whole("revenue")}) as revenue,
                max(depth) as depth,
                count(*) - 1 as layers_below, max(shares) as max_breadth from marts.cascade_layers group by all""",
            f"""select {cascade}, shares, orders, {_whole("revenue")} as revenue, depth, depth as layers_below, max_breadth
            from marts.cascades""",
            needs=("cascades", "merchants"),
        ),
        there="shares sharers openers orders",
        money="revenue",
        least_0="depth openers orders",
        least_1="shares sharers",
    )
    node = "merchant_id, share_id"
    yield mart(
        "cascade_nodes",
        node,
        one_of("marts.cascade_nodes", node, "parent_status", PARENT_STATUSES),
        holds(
            "marts.cascade_nodes",
            node,
            "root",
            """(parent_share_id is null) = (parent_status <> 'declared') and (parent_share_id is null) = (depth = 0)
            and (depth = 0) = (root_share_id = share_id)""",
            "parent_share_id, parent_status, depth, root_share_id",
        ),
        Expectation(
            "below its parent",
            "a share lies in the tree of its parent, one deeper",
            """select child.merchant_id, child.share_id, child.parent_share_id from marts.cascade_nodes as child
            left join marts.cascade_nodes as parent
                on child.merchant_id = parent.merchant_id and child.parent_share_id = parent.share_id
            where child.parent_share_id is not null
                and (child.depth = parent.depth + 1 and child.root_share_id = parent.root_share_id) is not true""",
        ),
        agree(
            "subtrees",
            "a subtree holds the share itself and the subtrees of its children",
            f"select {node}, subtree_shares as shares from marts.cascade_nodes",
            f"""select {node}, 1 + coalesce(below.shares, 0) as shares from marts.cascade_nodes left join (
                    select merchant_id, parent_share_id as share_id, sum(subtree_shares) as shares
                    from marts.cascade_nodes where parent_share_id is not null group by all
                ) as below using ({node})""",
            needs=(),
        ),
        agree(
            "adds up to cascades",
            "nodes add up to the shares and sharers of their cascade, the subtree of the root to all of it",
            f"""select {cascade}, count(*) as shares, count(distinct user_id) as sharers, max(depth) as depth,
                sum(subtree_shares) filter (where depth = 0) as subtree_shares,
                sum(subtree_orders) filter (where depth = 0) as orders,
                sum({_whole("subtree_revenue")}) filter (where depth = 0) as revenue
            from marts.cascade_nodes group by all""",
            f"""select {cascade}, shares, sharers, depth, shares as subtree_shares, orders, {_whole("revenue")} as revenue
            from marts.cascades""",
            needs=("cascades", "merchants"),
        ),
        there="user_id channel shared_at root_share_id parent_status depth subtree_shares subtree_orders",
        money="subtree_revenue",
        least_0="depth subtree_orders",
        least_1="subtree_shares",
    )
    spreader = "merchant_id, user_id"
    yield mart(
        "spreaders",
        spreader,
        of_the_day("spreaders", spreader),
        Expectation(
            "influence sums to 1",
            "the influence of a merchant's users sums to 1",
            """select merchant_id, sum(influence) as influence from marts.spreaders group by all
            having abs(sum(influence) - 1) > 1e-6""",
        ),
        Expectation(
            "ranks",
            "the ranks of a merchant's users run from 1 without a gap",
            """select merchant_id, count(distinct influence_rank) as ranks, count(*) as users from marts.spreaders group by all
            having min(influence_rank) <> 1 or max(influence_rank) <> count(*) or count(distinct influence_rank) <> count(*)""",
        ),
        there="shares opens openers orders_led influence influence_rank circle_id is_connector",
        money="revenue_led subtree_revenue",
        least_0="shares opens openers orders_led circles_reached",
        least_1="influence_rank",
        shares="influence bridge_score",
    )
    yield mart(
        "circles",
        "merchant_id, circle_id",
        agree(
            "adds up to spreaders",
            "circles hold the members and the revenue that their members led",
            f"select merchant_id, circle_id, members, {_whole('revenue')} as revenue from marts.circles",
            f"""select merchant_id, circle_id, count(*) as members, sum({_whole("revenue_led")}) as revenue
            from marts.spreaders group by all""",
            needs=("spreaders", "merchants"),
        ),
        there="members median_degree",
        money="revenue",
        least_0="median_degree",
        least_1="members",
        shares="share_of_reach",
    )
    yield mart(
        "circle_quality",
        "merchant_id",
        agree(
            "adds up to circles",
            "users and circles are those of the merchant's circles",
            "select merchant_id, users, circles from marts.circle_quality",
            "select merchant_id, sum(members) as users, count(*) as circles from marts.circles group by all",
            needs=("circles",),
        ),
        there="users edges circles",
        least_0="edges",
        least_1="users circles",
    )
    yield mart(
        "platform_spreaders",
        "user_id",
        Expectation(
            "influence sums to 1",
            "the influence of the platform's users sums to 1",
            "select sum(influence) as influence from marts.platform_spreaders having abs(sum(influence) - 1) > 1e-6",
        ),
        there="merchants shares openers influence influence_rank island_id",
        least_0="shares openers",
        least_1="merchants influence_rank",
        shares="influence",
    )
    yield mart(
        "islands",
        "island_id",
        agree(
            "adds up to platform_spreaders",
            "islands hold the users and shares of their members",
            "select island_id, users, shares from marts.islands",
            "select island_id, count(*) as users, sum(shares) as shares from marts.platform_spreaders group by all",
            needs=("platform_spreaders",),
        ),
        there="users merchants shares",
        least_0="shares",
        least_1="users merchants",
    )
    yield mart(
        "spread_motifs",
        "merchant_id",
        holds("marts.spread_motifs", "merchant_id", "pairs", "reciprocal_pairs <= pairs", "reciprocal_pairs, pairs"),
        there="pairs reciprocal_pairs triangles",
        least_0="pairs reciprocal_pairs triangles",
        shares="reciprocity transitivity",
    )
    yield mart(
        "spread_concentration",
        "merchant_id, metric",
        one_of("marts.spread_concentration", "merchant_id", "metric", METRICS),
        Expectation(
            "adds up to spreaders",
            "totals are those of the spreaders with a positive figure",
            " union all ".join(
                f"""select merchant_id, '{metric}' as metric, total, counted from (
                    select merchant_id, sum({metric}) filter (where {metric} > 0) as counted
                    from marts.spreaders group by merchant_id
                ) left join (select * from marts.spread_concentration where metric = '{metric}') using (merchant_id)
                where counted is not null and (abs(total - counted) < 0.005) is not true and merchant_id in {COMPLETE}"""
                for metric in METRICS
            ),
            needs=("spreaders", "merchants"),
        ),
        there="users",
        least_0="users total users_for_half",
        shares="top_1pct_share top_01pct_share gini",
    )
    yield mart(
        "share_mix",
        "merchant_id, channel, month",
        agree(
            "adds up to cascade_nodes",
            "the shares of a merchant's channels and months are all its shares",
            "select merchant_id, sum(shares) as shares from marts.share_mix group by all",
            "select merchant_id, count(*) as shares from marts.cascade_nodes group by all",
            needs=("cascade_nodes",),
        ),
        there="shares opens orders",
        money="revenue",
        least_0="opens orders",
        least_1="shares",
        shares="share_of_shares",
    )


def _groups() -> Iterable[Suite]:
    yield mart(
        "group_survival",
        "stratum, value, day",
        one_of("marts.group_survival", "value, day", "stratum", ("all", "kind", "driver", "size_band")),
        holds(
            "marts.group_survival",
            "stratum, value, day",
            "band",
            """deaths <= at_risk and (survival_lo is null) = (survival_hi is null)
            and (survival_lo is null or survival_lo <= survival and survival <= survival_hi)""",
            "at_risk, deaths, survival, survival_lo, survival_hi",
        ),
        Expectation(
            "only falls",
            "survival and the groups at risk only fall, day by day without a gap from 0",
            """select stratum, value, day, survival, at_risk from (
                select *,
                    lag(survival, 1, 1.0) over days as survival_before,
                    lag(at_risk - deaths, 1, at_risk) over days as left_before,
                    lag(day, 1, -1) over days as day_before
                from marts.group_survival window days as (partition by stratum, value order by day)
            ) where survival > survival_before or at_risk > left_before or day <> day_before + 1""",
        ),
        there="at_risk deaths survival",
        least_0="day at_risk deaths",
        shares="survival survival_lo survival_hi",
    )
    yield mart(
        "group_lifetimes",
        "stratum, value",
        agree(
            "adds up to group_survival",
            "groups are those at risk on day 0, deaths those of all days",
            "select stratum, value, groups, deaths from marts.group_lifetimes where groups > 0",
            """select stratum, value, max(at_risk) filter (where day = 0) as groups, sum(deaths) as deaths
            from marts.group_survival group by all""",
            needs=("group_survival",),
        ),
        agree(
            "strata add up",
            "the groups and deaths of each stratum add up to those of all",
            "select stratum, sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes group by all",
            """select stratum, groups, deaths from (select distinct stratum from marts.group_lifetimes) cross join (
                select sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes where stratum = 'all'
            )""",
            needs=(),
        ),
        holds("marts.group_lifetimes", "stratum, value", "rmst", "rmst_90 is null or rmst_90 <= 90", "rmst_90"),
        there="groups deaths",
        least_0="groups deaths median_days rmst_90 naive_mean_days",
    )


def _teams() -> Iterable[Suite]:
    teams = "merchant_id, region, size_required, benefit_side, goal, opened_date"
    yield mart(
        "team_formation",
        teams,
        holds(
            "marts.team_formation",
            teams,
            "balanced",
            "opened = closed + open_at_as_of and closed = formed_organic + formed_auto_filled + failed",
            "opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of",
        ),
        holds("marts.team_formation", teams, "buyers", "new_buyer_members <= members", "new_buyer_members, members"),
        holds("marts.team_formation", teams, "days", "opened_date <= getvariable('as_of')"),
        there="opened closed formed_organic formed_auto_filled failed open_at_as_of members new_buyer_members",
        least_0="""closed formed_organic formed_auto_filled failed open_at_as_of median_seconds_to_form members
            new_buyer_members""",
        least_1="opened",
    )
    region = "region, month"
    yield mart(
        "team_formation_by_region",
        region,
        agree(
            "adds up to team_formation",
            "a region's teams of a month, and of all months, are those of team_formation",
            f"select {region}, opened, closed, formed_organic from marts.team_formation_by_region where opened > 0",
            """select region, month, sum(opened) as opened, sum(closed) as closed, sum(formed_organic) as formed_organic
            from (
                select *, unnest([strftime(opened_date, '%Y-%m'), 'all']) as month from marts.team_formation
            ) group by all""",
            needs=("team_formation",),
        ),
        holds(
            "marts.team_formation_by_region",
            region,
            "rate",
            """formed_organic <= closed and closed <= opened and case when closed = 0 then formation_rate is null
            else abs(formation_rate - formed_organic / closed) < 1e-9
                and formation_rate_lo <= formation_rate + 1e-12 and formation_rate <= formation_rate_hi + 1e-12
                and formation_rate <= formation_rate_incl_auto_filled + 1e-12 end""",
            "opened, closed, formed_organic, formation_rate, formation_rate_lo, formation_rate_hi",
        ),
        one_of("marts.team_formation_by_region", region, "quadrant", QUADRANTS),
        there="opened closed formed_organic registered_users",
        least_0="opened closed formed_organic registered_users opens_per_1000_users",
        shares="formation_rate formation_rate_lo formation_rate_hi formation_rate_shrunk formation_rate_incl_auto_filled",
    )


def _customers() -> Iterable[Suite]:
    cohort = "merchant_id, cohort_month, period"
    yield mart(
        "cohort_retention",
        cohort,
        holds(
            "marts.cohort_retention",
            cohort,
            "retained",
            """retained_on <= retained_on_or_after and retained_on_or_after <= cohort_size and retained_on <= orders
            and (period > 0 or retained_on = cohort_size)""",
            "cohort_size, retained_on, retained_on_or_after, orders",
        ),
        Expectation(
            "cohort rows",
            "a cohort has one size and a row for each period from 0",
            """select merchant_id, cohort_month, count(*) as rows, max(period) as last_period from marts.cohort_retention
            group by all having count(*) <> max(period) + 1 or count(distinct cohort_size) <> 1""",
        ),
        Expectation(
            "revenue accumulates",
            "cumulative_revenue_per_fan is the revenue so far by cohort_size",
            f"""select {cohort}, cumulative_revenue_per_fan, revenue_so_far / cohort_size as counted from (
                select *, sum(revenue) over (partition by merchant_id, cohort_month order by period) as revenue_so_far
                from marts.cohort_retention where merchant_id in {COMPLETE}
            ) where (abs(cumulative_revenue_per_fan - revenue_so_far / cohort_size) < 0.006) is not true""",
            needs=("merchants",),
        ),
        there="cohort_size retained_on retained_on_or_after orders cumulative_revenue_per_fan is_complete",
        money="revenue",
        least_0="period retained_on retained_on_or_after orders",
        least_1="cohort_size",
    )
    yield mart(
        "per_fan_revenue",
        "merchant_id",
        of_the_day("per_fan_revenue", "merchant_id"),
        holds(
            "marts.per_fan_revenue",
            "merchant_id",
            "fans",
            "buying_fans <= window_fans and fans_end <= window_fans and window_days <= 365",
            "buying_fans, fans_end, window_fans, window_days",
        ),
        there="window_days avg_fans fans_end window_fans buying_fans",
        money="direct_revenue assisted_revenue",
        least_0="avg_fans fans_end window_fans buying_fans",
        least_1="window_days",
        shares="zero_revenue_fan_share",
    )
    yield mart(
        "fan_revenue",
        "merchant_id, user_id",
        agree(
            "adds up to per_fan_revenue",
            "direct revenue, each way of crediting assisted revenue and the window's fans sum to the merchant's",
            f"""select merchant_id, sum({_whole("direct_revenue")}) as direct_revenue,
                sum({_whole("assisted_revenue_last_touch")}) as last_touch,
                sum({_whole("assisted_revenue_first_touch")}) as first_touch,
                sum({_whole("assisted_revenue_linear")}) as linear,
                count(*) filter (where is_window_fan) as window_fans, count(*) filter (where is_fan_at_end) as fans_end
            from marts.fan_revenue group by all""",
            f"""select merchant_id, {_whole("direct_revenue")} as direct_revenue, {_whole("assisted_revenue")} as last_touch,
                {_whole("assisted_revenue")} as first_touch, {_whole("assisted_revenue")} as linear, window_fans, fans_end
            from marts.per_fan_revenue where merchant_id in (select merchant_id from marts.fan_revenue)""",
            needs=("per_fan_revenue", "merchants"),
        ),
        Expectation(
            "nobody is missing",
            "a merchant without a row here has neither fans nor revenue",
            """select merchant_id, window_fans, direct_revenue, assisted_revenue from marts.per_fan_revenue
            where (window_fans > 0 or direct_revenue <> 0 or assisted_revenue <> 0)
                and merchant_id not in (select merchant_id from marts.fan_revenue where merchant_id is not null)""",
            needs=("per_fan_revenue",),
        ),
        there="orders refunds is_window_fan is_fan_at_end is_supporting_fan",
        money="direct_revenue assisted_revenue_last_touch assisted_revenue_first_touch assisted_revenue_linear",
        least_0="orders refunds",
    )
    yield mart(
        "growth_split",
        "merchant_id, month",
        agree(
            "adds up to cohort_retention",
            "the revenue of all months is that of all cohorts",
            f"""select merchant_id, sum(revenue) as revenue from marts.growth_split where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            f"""select merchant_id, sum(revenue) as revenue from marts.cohort_retention where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            needs=("cohort_retention", "merchants"),
        ),
        Expectation(
            "effects add up",
            "user effect and per-fan effect are the change of revenue",
            """select merchant_id, month, revenue_change, user_effect, per_fan_effect from marts.growth_split
            where (user_effect is null) <> (per_fan_effect is null)
                or user_effect is not null and (abs(user_effect + per_fan_effect - revenue_change) < 0.005) is not true""",
        ),
        there="is_complete",
        money="revenue",
        least_0="avg_fans",
    )
    yield mart(
        "lifetime_value",
        "merchant_id, user_id",
        least_0="frequency recency_weeks age_weeks monetary_value expected_orders_90d expected_orders_365d expected_value_365d",
        shares="p_alive",
    )
    yield mart(
        "ltv_model",
        "merchant_id",
        one_of("marts.ltv_model", "merchant_id", "fallback", FALLBACKS),
        there="fallback customers repeat_customers",
        least_0="r alpha a b p q v customers repeat_customers holdout_days holdout_orders_actual holdout_orders_expected",
    )


def _churn() -> Iterable[Suite]:
    yield mart(
        "merchant_churn_flags",
        "merchant_id",
        of_the_day("merchant_churn_flags", "merchant_id"),
        one_of("marts.merchant_churn_flags", "merchant_id", "stage", STAGES),
        holds(
            "marts.merchant_churn_flags",
            "merchant_id",
            "reasons",
            "(reason_1 is not null or reason_2 is null) and (reason_2 is not null or reason_3 is null)",
            "reason_1, reason_2, reason_3",
        ),
        holds(
            "marts.merchant_churn_flags",
            "merchant_id",
            "at risk is flagged",
            "stage <> 'at_risk' or is_churn_flagged",
            "stage, is_churn_flagged",
        ),
        holds(
            "marts.merchant_churn_flags",
            "merchant_id",
            "at risk since",
            "if(stage = 'at_risk', at_risk_since <= as_of, at_risk_since is null)",
            "stage, at_risk_since",
        ),
        holds(
            "marts.merchant_churn_flags",
            "merchant_id",
            "churned is not flagged",
            "stage <> 'churned' or not is_churn_flagged and expected_loss = 0 and at_stake = 0",
            "stage, is_churn_flagged, expected_loss, at_stake",
        ),
        holds(
            "marts.merchant_churn_flags",
            "merchant_id",
            "at stake",
            """stage = 'churned' or churn_probability is null or at_stake is null
            or abs(at_stake - churn_probability * greatest(revenue_28d, revenue_prev_28d, 0) * 365 / 28) < 0.01""",
            "stage, churn_probability, revenue_28d, revenue_prev_28d, at_stake",
        ),
        there="stage is_churn_flagged reasons model_version",
        money="revenue_28d revenue_prev_28d expected_loss at_stake",
        least_0="days_since_last_order days_since_last_login at_stake",
        shares="churn_probability",
    )
    yield mart(
        "churn_model_evaluation",
        "as_of, split",
        there="merchants",
        least_0="merchants brier",
        shares="base_rate auc",
        empty=None,
    )
    yield mart(
        "fan_churn_flags",
        "merchant_id, user_id",
        holds(
            "marts.fan_churn_flags",
            "merchant_id, user_id",
            "flag",
            # whoever has no purchase left, all being refunded, is neither alive nor gone
            "if(frequency is null, is_churn_flagged is null, frequency = 0 or is_churn_flagged = (p_alive < 0.5))",
            "frequency, p_alive, is_churn_flagged",
        ),
        least_0="frequency recency_weeks age_weeks expected_orders_90d expected_value_365d",
        shares="p_alive",
    )


SUITES: tuple[Suite, ...] = (*_ingest(), *_spread(), *_groups(), *_teams(), *_customers(), *_churn())
