"""What must hold of the marts of the area money, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import COMPLETE, Expectation, Rules, Severity, agree, mart_holds

_COHORT = "merchant_id, cohort_month, period"

RULES: Rules = {
    "cohort_retention": (
        mart_holds(
            "cohort_retention",
            "retained",
            """retained_on <= retained_on_or_after and retained_on_or_after <= cohort_size and retained_on <= orders
            and (period > 0 or retained_on = cohort_size)""",
            "cohort_size, retained_on, retained_on_or_after, orders",
            breaks="update marts.cohort_retention set retained_on = 1 where period = 0",
        ),
        Expectation(
            "cohort rows",
            "a cohort has one size and a row for each period from 0",
            """select merchant_id, cohort_month, count(*) as rows, max(period) as last_period from marts.cohort_retention
            group by all having count(*) <> max(period) + 1 or count(distinct cohort_size) <> 1""",
            breaks="delete from marts.cohort_retention where merchant_id = 'm-1' and period = 0",
        ),
        Expectation(
            "revenue accumulates",
            "cumulative_revenue_per_fan is the revenue so far by cohort_size",
            f"""select {_COHORT}, cumulative_revenue_per_fan, revenue_so_far / cohort_size as counted from (
                select *, sum(revenue) over (partition by merchant_id, cohort_month order by period) as revenue_so_far
                from marts.cohort_retention where merchant_id in {COMPLETE}
            ) where (abs(cumulative_revenue_per_fan - revenue_so_far / cohort_size) < 0.006) is not true""",
            needs=("merchants",),
            breaks="update marts.cohort_retention set revenue = 31 where period = 1",
        ),
    ),
    "per_fan_revenue": (
        mart_holds(
            "per_fan_revenue",
            "fans",
            "buying_fans <= window_fans and fans_end <= window_fans and window_days <= 365",
            "buying_fans, fans_end, window_fans, window_days",
            breaks="update marts.per_fan_revenue set fans_end = 5 where merchant_id = 'm-1'",
        ),
    ),
    "growth_split": (
        agree(
            "adds up to cohort_retention",
            "the revenue of all months is that of all cohorts",
            f"""select merchant_id, sum(revenue) as revenue from marts.growth_split where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            f"""select merchant_id, sum(revenue) as revenue from marts.cohort_retention where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            needs=("cohort_retention", "merchants"),
            breaks="update marts.growth_split set revenue = 12.51 where merchant_id = 'm-2'",
        ),
        Expectation(
            "effects add up",
            "user effect and per-fan effect are the change of revenue",
            """select merchant_id, month, revenue_change, user_effect, per_fan_effect from marts.growth_split
            where (user_effect is null) <> (per_fan_effect is null)
                or user_effect is not null and (abs(user_effect + per_fan_effect - revenue_change) < 0.005) is not true""",
            breaks="update marts.growth_split set per_fan_effect = null",
        ),
    ),
    "orders": (
        Expectation(
            "net",
            "net = paid - refunded, but where one of them does not fit",
            f"""select merchant_id, order_id, net, paid, refunded from marts.orders
            where (net = paid - refunded) is not true and merchant_id in {COMPLETE}""",
            needs=("merchants",),
            breaks="update marts.orders set net = 29.99 where order_id = 'o-2'",
        ),
        Expectation(
            "money fits",
            "a merchant's payments and refunds, added up without sign, stay below 10^16; where they do not, figures of its"
            " money that do not fit are null (docs/runbooks/gate_refused.md)",
            f"""select merchant_id, count(*) as orders,
                list(struct_pack(order_id, paid, refunded) order by greatest(paid, coalesce(refunded, 1e16)) desc, order_id)[:5]
                    as largest
            from marts.orders where merchant_id not in {COMPLETE} group by merchant_id""",
            severity=Severity.WARN,
            needs=("merchants",),
            breaks="update marts.merchants set is_money_complete = false where merchant_id = 'm-1'",
        ),
        agree(
            "adds up to growth_split",
            "what orders brought, less their refunds, is the revenue of all months",
            f"""select merchant_id, sum(net) as revenue from marts.orders where merchant_id in {COMPLETE}
            group by all having sum(net) <> 0""",
            f"""select merchant_id, sum(revenue) as revenue from marts.growth_split where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            needs=("growth_split", "merchants"),
            breaks="delete from marts.orders where order_id = 'o-2'",
        ),
    ),
    "cohort_value": (
        Expectation(
            "spend fits",
            "what a merchant spent in a month stays below 10^16; where it does not, it is null (docs/runbooks/gate_refused.md)",
            "select merchant_id, cohort_month from marts.cohort_value where spend is null",
            severity=Severity.WARN,
            breaks="update marts.cohort_value set spend = null",
        ),
    ),
}
