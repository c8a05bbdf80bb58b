"""What must hold of the marts of the area merchants, beside what their declarations say."""

from __future__ import annotations

from contract.columns import Type
from contract.tables import TABLES
from contract.values import LEAVES
from expectations.suites import COMPLETE, Expectation, Rules, agree, mart_holds

# What a cube says of a day, and daily_merchant too.
_COUNTED_ON_A_DAY = (
    "visitors, buyers, orders, revenue, refunded, shares, opens, teams_opened, teams_formed, messages, live_viewers"
)
_OF_A_DAY = f"{_COUNTED_ON_A_DAY}, fans"

# What adds up over days, and who counts once in a period.
_ADDED = (
    "orders, items, paid, new_users, new_buyers, campaign_orders, coupons_claimed, packets_sent, packet_cost, fans_won, "
    "fans_lost, refunded, revenue, spend, commission, shares, opens, shared_orders, shared_revenue, messages, teams_opened, "
    "teams_formed, lives, live_orders, live_revenue, fans_blocked, self_shared_orders, logins, feature_uses, support_tickets"
)
_PEOPLE = ("visitors", "active_users", "buyers", "products_sold", "live_viewers", "orders_refunded")

# The measures of each dimension of a cube; a member's sum to `all` where the second list has them.
_SALES = "orders, items, paid, buyers, refunded, revenue"
_SOLD = "orders, items, paid, refunded, revenue"
_CUTS = {
    "region": (_SALES, _SOLD),
    "channel": (f"{_SALES}, spend", f"{_SOLD}, spend"),
    "campaign": (f"{_SALES}, spend", f"{_SOLD}, spend"),
    "buyer_kind": (_SALES, _SOLD),
    "product": ("orders, items, buyers, line_value, visitors", "items"),
    "feature": ("feature_uses", "feature_uses"),
}


def _members(dimension: str, measures: str) -> Expectation:
    """That what adds up over the members of a dimension is what `all` has."""
    sums = ", ".join(f"sum({measure}) as {measure}" for measure in measures.split(", "))
    happened = " or ".join(f"{measure} <> 0" for measure in measures.split(", "))
    key = "merchant_id, period, period_start"
    complete = f"merchant_id in {COMPLETE}"
    return agree(
        f"{dimension} adds up",
        f"{measures} of the members of {dimension} add up to those of all, in every period",
        f"""select * from (
            select {key}, {sums} from marts.merchant_cube where dimension = '{dimension}' and {complete} group by all
        ) where {happened}""",
        f"select {key}, {measures} from marts.merchant_cube where dimension = 'all' and ({happened}) and {complete}",
        needs=("merchants",),
        breaks=f"update marts.merchant_cube set {measures.split(', ')[-1]} = 7 where dimension = '{dimension}'",
    )


def _measures(dimension: str, measures: str) -> Expectation:
    """That a dimension has its measures and no other, and rows only where one of them is not 0."""
    own = measures.split(", ")
    amounts = [column.name for column in TABLES["merchant_cube"].columns if column.type is Type.DECIMAL]
    counts = [column.name for column in TABLES["merchant_cube"].columns if column.type is Type.BIGINT]
    there = " and ".join(
        [f"{measure} is not null" for measure in own if measure in counts]
        + [f"{measure} is null" for measure in counts + amounts if measure not in own]
    )
    happened = " or ".join(f"{measure} <> 0" for measure in own)
    return mart_holds(
        "merchant_cube",
        f"measures of {dimension}",
        f"dimension <> '{dimension}' or {there} and (({happened}) is not false)",
        breaks=f"update marts.merchant_cube set fans = 0 where dimension = '{dimension}'",
    )


_WINDOW = "merchant_id, date, window_days"
_BELOW = """(
    values ('paid', 'buyers'), ('paid', 'paid_per_buyer'), ('buyers', 'active_users'), ('buyers', 'conversion'),
    ('active_users', 'new_users'), ('active_users', 'returning_users'), ('paid_per_buyer', 'orders_per_buyer'),
    ('paid_per_buyer', 'paid_per_order')
) as tree (parent, node)"""


RULES: Rules = {
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
    "churn_model_evaluation": (
        mart_holds(
            "churn_model_evaluation",
            "who left is among those over half",
            "coalesce(over_half_left <= over_half and over_half <= observations, over_half is null and over_half_left is null)",
            "observations, over_half, over_half_left",
            breaks="update marts.churn_model_evaluation set over_half_left = over_half + 1",
        ),
    ),
    "merchants": (
        mart_holds(
            "merchants",
            "one amount after the other",
            "days_to_100k is null or days_to_10k <= days_to_100k",
            "days_to_10k, days_to_100k",
            breaks="update marts.merchants set days_to_10k = null, days_to_100k = 3",
        ),
        mart_holds(
            "merchants",
            "slower than those who are there",
            "days_to_10k is not null or days_to_10k_slower_share is null",
            "days_to_10k, days_to_10k_slower_share",
            breaks="update marts.merchants set days_to_10k_slower_share = 0.5, days_to_10k = null, days_to_100k = null",
        ),
    ),
    "merchant_cube": (
        agree(
            "its days are those of daily_merchant",
            "days of the cube are those of daily_merchant; days that only the cube has, in a long silence, are empty",
            f"""select merchant_id, period_start as date, {_OF_A_DAY} from marts.merchant_cube
            where period = 'day' and dimension = 'all' and merchant_id in {COMPLETE} and (
                (merchant_id, period_start) in (select (merchant_id, date) from marts.daily_merchant)
                or ({_COUNTED_ON_A_DAY}) is distinct from (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            )""",
            f"select merchant_id, date, {_OF_A_DAY} from marts.daily_merchant where merchant_id in {COMPLETE}",
            needs=("daily_merchant", "merchants"),
            breaks="update marts.merchant_cube set refunded = refunded + 1 where period = 'day' and dimension = 'all'",
        ),
        *(_members(dimension, added) for dimension, (_, added) in _CUTS.items()),
        *(_measures(dimension, measures) for dimension, (measures, _) in _CUTS.items()),
        mart_holds(
            "merchant_cube",
            "names of all",
            "(dimension <> 'all' or member = 'all') and (dimension <> 'buyer_kind' or member in ('new', 'returning'))",
            breaks="update marts.merchant_cube set member = 'whole' where dimension = 'all'",
        ),
        mart_holds(
            "merchant_cube",
            "first days",
            "period_start = date_trunc(period, period_start)",
            breaks="update marts.merchant_cube set period_start = period_start + 1 where period = 'week'",
        ),
        agree(
            "weeks and months have their days",
            "what happens on a day is in its week and in its month",
            f"""select merchant_id, period, period_start, {_ADDED} from marts.merchant_cube
            where dimension = 'all' and period <> 'day' and merchant_id in {COMPLETE}""",
            f"""select merchant_id, periods.period, cast(date_trunc(periods.period, days.period_start) as date) as period_start,
                {", ".join(f"sum({measure})" for measure in _ADDED.split(", "))}
            from marts.merchant_cube as days, (values ('week'), ('month')) as periods (period)
            where dimension = 'all' and days.period = 'day' and merchant_id in {COMPLETE} group by all""",
            needs=("merchants",),
            breaks="update marts.merchant_cube set messages = messages + 1 where period = 'month' and dimension = 'all'",
        ),
        agree(
            "people of a period",
            "a period has no more people than its days together, and no fewer than each of them",
            """select merchant_id, period, period_start, true as fits from marts.merchant_cube
            where dimension = 'all' and period <> 'day'""",
            f"""select merchant_id, period, period_start,
                {" and ".join(f"{count} between most_{count} and all_{count}" for count in _PEOPLE)} as fits
            from marts.merchant_cube join (
                select merchant_id, periods.period, cast(date_trunc(periods.period, days.period_start) as date) as period_start,
                    {", ".join(f"max({count}) as most_{count}, sum({count}) as all_{count}" for count in _PEOPLE)}
                from marts.merchant_cube as days, (values ('week'), ('month')) as periods (period)
                where dimension = 'all' and days.period = 'day' group by all
            ) using (merchant_id, period, period_start)
            where dimension = 'all'""",
            breaks="update marts.merchant_cube set active_users = 99 where period = 'week' and dimension = 'all'",
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
