"""What must hold of the marts of the area fans, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds, whole

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
}
