"""What must hold of the marts of the area merchants, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import COMPLETE, Rules, agree, mart_holds

RULES: Rules = {
    "churn_model_evaluation": (
        mart_holds(
            "churn_model_evaluation",
            "who left is among those over half",
            "coalesce(over_half_left <= over_half and over_half <= observations, over_half is null and over_half_left is null)",
            "observations, over_half, over_half_left",
            breaks="update marts.churn_model_evaluation set over_half_left = over_half + 1",
        ),
    ),
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
