"""What must hold of the marts of the area fans, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import COMPLETE, Expectation, Rules, agree, mart_holds, whole

RULES: Rules = {
    "fan_revenue": (
        agree(
            "adds up to per_fan_revenue",
            "direct revenue, each way of crediting assisted revenue and the window's fans sum to the merchant's",
            f"""select merchant_id, sum({whole("direct_revenue")}) as direct_revenue,
                sum({whole("assisted_revenue_last_touch")}) as last_touch,
                sum({whole("assisted_revenue_first_touch")}) as first_touch,
                sum({whole("assisted_revenue_linear")}) as linear,
                count(*) filter (where is_window_fan) as window_fans, count(*) filter (where is_fan_at_end) as fans_end,
                count(*) filter (where is_window_fan and orders > 0) as buying_fans
            from marts.fan_revenue group by all""",
            f"""select merchant_id, {whole("direct_revenue")} as direct_revenue, {whole("assisted_revenue")} as last_touch,
                {whole("assisted_revenue")} as first_touch, {whole("assisted_revenue")} as linear, window_fans, fans_end,
                buying_fans
            from marts.per_fan_revenue where merchant_id in (select merchant_id from marts.fan_revenue)""",
            needs=("per_fan_revenue", "merchants"),
            breaks="update marts.fan_revenue set assisted_revenue_linear = 10.01",
        ),
        Expectation(
            "nobody is missing",
            "a merchant without a row here has neither fans nor revenue",
            """select merchant_id, window_fans, direct_revenue, assisted_revenue from marts.per_fan_revenue
            where (window_fans > 0 or direct_revenue <> 0 or assisted_revenue <> 0)
                and merchant_id not in (select merchant_id from marts.fan_revenue where merchant_id is not null)""",
            needs=("per_fan_revenue",),
            breaks="delete from marts.fan_revenue where merchant_id = 'm-2'",
        ),
    ),
    "fan_churn_flags": (
        mart_holds(
            "fan_churn_flags",
            "flag",
            "if(frequency is null, is_churn_flagged is null, frequency = 0 or is_churn_flagged = (p_alive < 0.5))",
            "frequency, p_alive, is_churn_flagged",
            breaks="update marts.fan_churn_flags set is_churn_flagged = true where user_id = 'u-1'",
        ),
    ),
    "supporting_fans": (
        mart_holds(
            "supporting_fans",
            "fans",
            "supporting_fans <= fans",
            "supporting_fans, fans",
            breaks="update marts.supporting_fans set supporting_fans = 4",
        ),
    ),
    "traffic_assets": (
        mart_holds(
            "traffic_assets",
            "statement",
            "opening_fans + won_direct + won_fission + regained - lost_unfollowed - lost_blocked = closing_fans",
            "opening_fans, won_direct, won_fission, regained, lost_unfollowed, lost_blocked, closing_fans",
            breaks="update marts.traffic_assets set lost_blocked = 0 where month = '2026-03'",
        ),
        Expectation(
            "months follow",
            "a merchant's months follow one another; each opens with the fans that the last one closed with, the first with 0",
            """select merchant_id, month, opening_fans, closed_before, month_before from (
                select *, lag(closing_fans, 1, 0) over months as closed_before, lag(month_start) over months as month_before
                from marts.traffic_assets window months as (partition by merchant_id order by month_start)
            ) where opening_fans <> closed_before or month_start <> month_before + interval 1 month""",
            breaks="update marts.traffic_assets set opening_fans = 2, won_direct = 2 where opening_fans = 3",
        ),
        agree(
            "closes with the fans of daily_merchant",
            "a month closes with the fans of its last day",
            """select merchant_id, month, closing_fans as fans from marts.traffic_assets
            where (merchant_id, month) in (select (merchant_id, strftime(date, '%Y-%m')) from marts.daily_merchant)""",
            """select merchant_id, strftime(date, '%Y-%m') as month, arg_max(fans, date) as fans from marts.daily_merchant
            group by all""",
            needs=("daily_merchant",),
            breaks="update marts.daily_merchant set fans = 4 where merchant_id = 'm-2'",
        ),
        agree(
            "adds up to growth_split",
            "the revenue of a month is that of growth_split",
            f"""select merchant_id, month, revenue from marts.traffic_assets
            where merchant_id in {COMPLETE} and revenue <> 0""",
            f"select merchant_id, month, revenue from marts.growth_split where merchant_id in {COMPLETE} and revenue <> 0",
            needs=("growth_split", "merchants"),
            breaks="update marts.traffic_assets set revenue = 12.51 where merchant_id = 'm-2'",
        ),
        agree(
            "new buyers are the cohorts",
            "the new buyers of a month are the cohort of cohort_retention, and all of them so far are its trade relations",
            """select merchant_id, month, new_buyers, sum(new_buyers) over (partition by merchant_id order by month) as buyers
            from marts.traffic_assets qualify new_buyers > 0""",
            """select traffic_assets.merchant_id, month, cohort_size as new_buyers, trade_relations as buyers
            from marts.traffic_assets inner join marts.cohort_retention
                on traffic_assets.merchant_id = cohort_retention.merchant_id and month = cohort_month and period = 0""",
            needs=("cohort_retention",),
            breaks="update marts.traffic_assets set trade_relations = 3 where month = '2026-02'",
        ),
        mart_holds(
            "traffic_assets",
            "parts",
            """active_fans <= closing_fans and reachable_fans <= closing_fans and bringing_buyers <= new_buyers
            and bringing_buyers <= brought_buyers""",
            "closing_fans, active_fans, reachable_fans, new_buyers, bringing_buyers, brought_buyers",
            breaks="update marts.traffic_assets set brought_buyers = 0 where month = '2026-02'",
        ),
    ),
}
