"""What must hold of the marts of the area merchants, beside what their declarations say."""

from __future__ import annotations

from contract.values import LEAVES
from expectations.suites import COMPLETE, Rules, agree, mart_holds

_WINDOW = "merchant_id, date, window_days"
_BELOW = """(
    values ('paid', 'buyers'), ('paid', 'paid_per_buyer'), ('buyers', 'active_users'), ('buyers', 'conversion'),
    ('active_users', 'new_users'), ('active_users', 'returning_users'), ('paid_per_buyer', 'orders_per_buyer'),
    ('paid_per_buyer', 'paid_per_order')
) as tree (parent, node)"""

RULES: Rules = {
    "merchant_churn_flags": (
        mart_holds(
            "merchant_churn_flags",
            "reasons",
            "(reason_1 is not null or reason_2 is null) and (reason_2 is not null or reason_3 is null)",
            "reason_1, reason_2, reason_3",
            breaks="update marts.merchant_churn_flags set reason_1 = null",
        ),
        mart_holds(
            "merchant_churn_flags",
            "at risk is flagged",
            "stage <> 'at_risk' or is_churn_flagged",
            "stage, is_churn_flagged",
            breaks="update marts.merchant_churn_flags set is_churn_flagged = false",
        ),
        mart_holds(
            "merchant_churn_flags",
            "at risk since",
            "if(stage = 'at_risk', at_risk_since <= as_of, at_risk_since is null)",
            "stage, at_risk_since",
            breaks="update marts.merchant_churn_flags set at_risk_since = null",
        ),
        mart_holds(
            "merchant_churn_flags",
            "churned is not flagged",
            "stage <> 'churned' or not is_churn_flagged and expected_loss = 0 and at_stake = 0",
            "stage, is_churn_flagged, expected_loss, at_stake",
            breaks="update marts.merchant_churn_flags set stage = 'churned'",
        ),
        mart_holds(
            "merchant_churn_flags",
            "at stake",
            """stage = 'churned' or churn_probability is null or at_stake is null
            or abs(at_stake - churn_probability * greatest(revenue_28d, revenue_prev_28d, 0) * 365 / 28) < 0.01""",
            "stage, churn_probability, revenue_28d, revenue_prev_28d, at_stake",
            breaks="update marts.merchant_churn_flags set at_stake = expected_loss",
        ),
    ),
    "daily_merchant": (
        agree(
            "adds up to growth_split",
            "the revenue of a month's days is that of the month",
            f"""select merchant_id, strftime(date, '%Y-%m') as month, sum(revenue) as revenue from marts.daily_merchant
            where merchant_id in {COMPLETE} group by all having sum(revenue) <> 0""",
            f"select merchant_id, month, revenue from marts.growth_split where revenue <> 0 and merchant_id in {COMPLETE}",
            needs=("growth_split", "merchants"),
            breaks="update marts.daily_merchant set date = date '2026-01-31' where revenue = 50",
        ),
    ),
    "diagnosis": (
        agree(
            "leaves add up",
            "the contributions of the leaves add up to the change of paid, to the cent",
            f"""select {_WINDOW}, sum(contribution) as change from marts.diagnosis
            where node in {LEAVES} and basis <> 'none' and merchant_id in {COMPLETE} group by all""",
            f"""select {_WINDOW}, cast(value as decimal(38, 2)) - cast(baseline as decimal(38, 2)) as change
            from marts.diagnosis where node = 'paid' and basis <> 'none' and merchant_id in {COMPLETE}""",
            needs=("merchants",),
            breaks="update marts.diagnosis set contribution = contribution + 0.01 where node = 'conversion'",
        ),
        agree(
            "inner nodes are sums",
            "the contribution of an inner node is that of the nodes below it",
            f"""select {_WINDOW}, parent as node, sum(contribution) as contribution from marts.diagnosis inner join {_BELOW}
            using (node) where basis <> 'none' and merchant_id in {COMPLETE} group by all""",
            f"""select {_WINDOW}, node, contribution from marts.diagnosis
            where node not in {LEAVES} and basis <> 'none' and merchant_id in {COMPLETE}""",
            needs=("merchants",),
            breaks="update marts.diagnosis set contribution = contribution - 0.01 where node = 'buyers'",
        ),
        agree(
            "people are new or returning",
            "active users are the new and the returning ones, and so are those that were to be expected",
            f"""select {_WINDOW}, round(sum(value), 6) as value, round(sum(baseline), 6) as baseline from marts.diagnosis
            where node in ('new_users', 'returning_users') group by all""",
            f"""select {_WINDOW}, round(value, 6) as value, round(baseline, 6) as baseline from marts.diagnosis
            where node = 'active_users'""",
            breaks="update marts.diagnosis set value = value + 1 where node = 'new_users'",
        ),
        agree(
            "a day is that of daily_merchant",
            "buyers of a window of one day are those of the day",
            """select merchant_id, date, cast(value as bigint) as buyers from marts.diagnosis
            where window_days = 1 and node = 'buyers' and value > 0""",
            """select merchant_id, date, buyers from marts.daily_merchant where buyers > 0
            and (merchant_id, date) in (select (merchant_id, date) from marts.diagnosis where window_days = 1)""",
            needs=("daily_merchant",),
            breaks="update marts.diagnosis set value = 4 where window_days = 1 and node = 'buyers'",
        ),
        mart_holds(
            "diagnosis",
            "without a basis",
            """(basis = 'none') = (reference_windows = 0) and if(basis = 'none', baseline is null and z is null
            and colour is null and contribution is null and calendar_factor is null, node <> 'paid' or baseline is not null)""",
            "basis, reference_windows, baseline",
            breaks="update marts.diagnosis set basis = 'none', reference_windows = 0 where node = 'paid'",
        ),
        mart_holds(
            "diagnosis",
            "causes",
            f"""if(cause_rank is null, cause is null and advice is null and advice_zh is null, node in {LEAVES}
            and cause = node || if(contribution > 0, '_up', '_down'))""",
            "cause_rank, cause, contribution",
            breaks="update marts.diagnosis set cause = 'new_users_up' where cause is not null",
        ),
        agree(
            "causes are ranked",
            "where paid moved, its causes are ranked from 1 without a gap",
            f"""select {_WINDOW}, count(*) as causes from marts.diagnosis where cause_rank is not null group by all""",
            f"""select {_WINDOW}, max(cause_rank) as causes from marts.diagnosis
            where ({_WINDOW}) in (
                select ({_WINDOW}) from marts.diagnosis where node = 'paid' and contribution <> 0 and merchant_id in {COMPLETE}
                union all
                select ({_WINDOW}) from marts.diagnosis where cause_rank is not null and merchant_id not in {COMPLETE}
            ) group by all""",
            needs=("merchants",),
            breaks="update marts.diagnosis set cause_rank = cause_rank + 1 where cause_rank is not null",
        ),
        mart_holds(
            "diagnosis",
            "colours",
            """if(value is null or baseline is null, colour is null, colour = case when coalesce(z, 0) >= 1.5
            or (z is null and value > baseline) then 'green' when z <= -1.5 then 'red' else 'yellow' end)""",
            "value, baseline, z, colour",
            breaks="update marts.diagnosis set colour = 'green' where colour = 'red'",
        ),
    ),
    "merchant_stage_history": (
        mart_holds(
            "merchant_stage_history",
            "order",
            "left_on is null or left_on > entered_on",
            breaks="update marts.merchant_stage_history set left_on = entered_on",
        ),
        agree(
            "one stage lasts",
            "every merchant with a history is in one stage today",
            "select merchant_id, count(*) as stages from marts.merchant_stage_history where left_on is null group by all",
            "select distinct merchant_id, 1 as stages from marts.merchant_stage_history",
            breaks="update marts.merchant_stage_history set left_on = date '2026-03-21'",
        ),
    ),
}
