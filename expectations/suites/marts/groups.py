"""What must hold of the marts of the area groups, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds

RULES: Rules = {
    "group_survival": (
        mart_holds(
            "group_survival",
            "band",
            """deaths <= at_risk and (survival_lo is null) = (survival_hi is null)
            and (survival_lo is null or survival_lo <= survival and survival <= survival_hi)""",
            "at_risk, deaths, survival, survival_lo, survival_hi",
            breaks="update marts.group_survival set survival_lo = 0.9 where survival = 0.75",
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
            breaks="update marts.group_survival set survival = 0.8 where survival = 0.5",
        ),
    ),
    "group_lifetimes": (
        agree(
            "adds up to group_survival",
            "groups are those at risk on day 0, deaths those of all days",
            "select stratum, value, groups, deaths from marts.group_lifetimes where groups > 0",
            """select stratum, value, max(at_risk) filter (where day = 0) as groups, sum(deaths) as deaths
            from marts.group_survival group by all""",
            needs=("group_survival",),
            breaks="update marts.group_lifetimes set deaths = 2 where value = 'product'",
        ),
        agree(
            "strata add up",
            "the groups and deaths of each stratum add up to those of all",
            "select stratum, sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes group by all",
            """select stratum, groups, deaths from (select distinct stratum from marts.group_lifetimes) cross join (
                select sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes where stratum = 'all'
            )""",
            breaks="delete from marts.group_lifetimes where value = 'unknown'",
        ),
        mart_holds(
            "group_lifetimes",
            "deaths",
            "deaths <= groups",
            "deaths, groups",
            breaks="update marts.group_lifetimes set deaths = 4 where value = 'product'",
        ),
        agree(
            "expected deaths add up",
            "over each stratum as many deaths are expected as there are",
            "select stratum, round(sum(deaths_expected), 6) as deaths from marts.group_lifetimes group by all",
            "select stratum, round(sum(deaths), 6) as deaths from marts.group_lifetimes group by all",
            breaks="update marts.group_lifetimes set deaths_expected = 1 where value = 'product'",
        ),
        mart_holds(
            "group_lifetimes",
            "active",
            "groups_active <= groups and coalesce(size_elasticity_lo <= size_elasticity_hi, true)",
            "groups_active, groups, size_elasticity_lo, size_elasticity_hi",
            breaks="update marts.group_lifetimes set groups_active = 5 where value = 'all'",
        ),
    ),
    "community_days": (
        Expectation(
            "alive are the born less the dead",
            "from one date to the next groups_alive moves by groups_born and groups_died",
            """select merchant_id, date, groups_alive from (
                select *, lag(groups_alive) over (partition by merchant_id order by date) as alive_before
                from marts.community_days
            ) where groups_alive <> alive_before + groups_born - groups_died""",
            breaks="update marts.community_days set groups_alive = 1 where date = '2026-03-02'",
        ),
        mart_holds(
            "community_days",
            "windows",
            "active_users <= active_users_7d and active_users_7d <= active_users_30d and reference_date < date",
            "active_users, active_users_7d, active_users_30d, reference_date",
            breaks="update marts.community_days set active_users_7d = 2 where date = '2026-03-01'",
        ),
    ),
    "community_months": (
        mart_holds(
            "community_months",
            "people add up",
            "active_users = new_users + retained_users + resurrected_users",
            "active_users, new_users, retained_users, resurrected_users",
            breaks="update marts.community_months set new_users = 3 where month = '2026-03' and merchant_id = 'm-1'",
        ),
        mart_holds(
            "community_months",
            "revenue adds up",
            "coalesce(revenue_new + revenue_retained + revenue_resurrected + revenue_other = revenue, true)",
            "revenue, revenue_new, revenue_retained, revenue_resurrected, revenue_other",
            breaks="update marts.community_months set revenue_new = 11 where month = '2026-03' and merchant_id = 'm-1'",
        ),
        agree(
            "months are those of growth_split",
            "each month of growth_split has its row, with its revenue",
            "select merchant_id, month, revenue from marts.community_months",
            "select merchant_id, month, revenue from marts.growth_split",
            needs=("growth_split",),
            breaks="delete from marts.community_months where merchant_id = 'm-2'",
        ),
        mart_holds(
            "community_months",
            "friends",
            """coalesce(co_churn_exposed_lost <= co_churn_exposed and co_churn_unexposed_lost <= co_churn_unexposed, true)
            and memberships >= members and starters >= starters_observed""",
            "co_churn_exposed, co_churn_exposed_lost, memberships, members, starters, starters_observed",
            breaks="update marts.community_months set starters_observed = 3 where merchant_id = 'm-1'",
        ),
    ),
    "share_fatigue": (
        mart_holds(
            "share_fatigue",
            "people",
            "openers <= exposures and lost <= exposures and matched_openers <= openers and k <= 10",
            "k, exposures, openers, lost, matched_openers",
            breaks="update marts.share_fatigue set openers = 11",
        ),
        agree(
            "merchants add up to the platform",
            "the shares and exposures of all merchants are those of `all`",
            "select k, sum(shares) as shares, sum(exposures) as exposures from marts.share_fatigue where is_total group by all",
            "select k, sum(shares) as shares, sum(exposures) as exposures from marts.share_fatigue where not "
            "is_total group by all",
            breaks="update marts.share_fatigue set shares = 3 where is_total",
        ),
    ),
    "group_health": (
        mart_holds(
            "group_health",
            "parts of a whole",
            """writers_28d <= members and buyers_28d <= members and official_messages_28d <= messages_28d
            and answered_28d <= questions_28d and broadcast_openers <= broadcast_deliveries
            and broadcast_leavers <= broadcast_deliveries and trust_buys <= trust_opens
            and coalesce(mutual_pairs <= linked_pairs, true) and coalesce(landmark_survivors <= landmark_groups, true)""",
            "group_id",
            breaks="update marts.group_health set buyers_28d = 31 where group_id = 'g-1'",
        ),
        mart_holds(
            "group_health",
            "the dead have no health",
            "state <> 'dead' or health is null and landmark_groups is null",
            "state, health, landmark_groups",
            breaks="update marts.group_health set health = 10 where state = 'dead'",
        ),
        agree(
            "groups are those of group_activity",
            "each group of group_activity has its row, with its state and members",
            "select group_id, state, members from marts.group_health",
            "select group_id, state, members from marts.group_activity",
            needs=("group_activity",),
            breaks="delete from marts.group_health where group_id = 'g-2'",
        ),
    ),
}
