"""What must hold of the marts of the area marketing, beside what their declarations say."""

from __future__ import annotations

from itertools import pairwise

from contract.values import BANDS
from expectations.suites import COMPLETE, Expectation, Rules, agree, mart_holds

CHANNEL_RETURNS: tuple[Expectation, ...] = (
    mart_holds(
        "channel_returns",
        "people",
        "settled <= arrivals and buyers <= arrivals and settled_buyers <= least(settled, buyers) and repeat_buyers <= buyers",
        "arrivals, settled, settled_buyers, buyers, repeat_buyers",
        breaks="update marts.channel_returns set settled_buyers = 3 where channel = 'kol' and merchant_id = 'm-1'",
    ),
    mart_holds(
        "channel_returns",
        "not all is 0",
        "arrivals > 0 or orders > 0 or revenue is null or revenue <> 0 or spend is null or spend > 0",
        breaks="update marts.channel_returns set spend = 0 where channel = 'offline'",
    ),
    mart_holds(
        "channel_returns",
        "best paid channel",
        "not is_paid or relative_conversion is null or relative_conversion <= 1",
        "relative_conversion",
        breaks="update marts.channel_returns set relative_conversion = 1.5 where channel = 'kol'",
    ),
    agree(
        "orders add up to daily_merchant",
        "the orders of a month's channels are those of its days",
        "select merchant_id, month, sum(orders) as orders from marts.channel_returns group by all having sum(orders) > 0",
        """select merchant_id, strftime(date, '%Y-%m') as month, sum(orders) as orders from marts.daily_merchant
        group by all having sum(orders) > 0""",
        needs=("daily_merchant",),
        breaks="update marts.channel_returns set orders = 2 where channel = 'group'",
    ),
    agree(
        "revenue adds up to growth_split",
        "the revenue of a month's channels is that of the month",
        f"""select merchant_id, month, sum(revenue) as revenue from marts.channel_returns where merchant_id in {COMPLETE}
        group by all having sum(revenue) <> 0""",
        f"select merchant_id, month, revenue from marts.growth_split where merchant_id in {COMPLETE} and revenue <> 0",
        needs=("growth_split", "merchants"),
        breaks="delete from marts.channel_returns where channel = 'group'",
    ),
    agree(
        "everyone who bought arrived",
        "the revenue of everyone who arrived is that of all months",
        f"""select merchant_id, sum(arrival_revenue) as revenue from marts.channel_returns where merchant_id in {COMPLETE}
        group by all having sum(arrival_revenue) <> 0""",
        f"""select merchant_id, sum(revenue) as revenue from marts.growth_split where merchant_id in {COMPLETE}
        group by all having sum(revenue) <> 0""",
        needs=("growth_split", "merchants"),
        breaks="update marts.channel_returns set arrival_revenue = 50 where merchant_id = 'm-1' and channel = 'kol'",
    ),
)

_CAMPAIGN = "merchant_id, campaign_id"
_CELL = "merchant_id, city_tier"
_COUNTS = ("packets", "shared", "claims", "orders", "new_buyers")
_STAGES = ("leads", "contacted", "called", "contracted", "live", "activated")
_RATES = [f"{stage}_rate" for stage in _STAGES[1:]]


def _sums(columns: tuple[str, ...]) -> str:
    return ", ".join(f"sum({column}) as {column}" for column in columns)


_CAMPAIGNS: Rules = {
    "campaign_review": (
        agree(
            "adds up to orders",
            "orders and stray orders of a campaign are those that name it",
            f"select {_CAMPAIGN}, orders + stray_orders as orders from marts.campaign_review where orders + stray_orders > 0",
            f"select {_CAMPAIGN}, count(*) as orders from marts.orders where campaign_id is not null group by all",
            needs=("orders",),
            breaks="update marts.campaign_review set orders = 2 where campaign_id = 'c-2'",
        ),
        mart_holds(
            "campaign_review",
            "people",
            "buyers <= orders and new_buyers <= buyers and (orders > 0) = (buyers > 0) "
            "and treated_buyers <= treated and holdout_buyers <= holdout",
            "orders, buyers, new_buyers, treated, treated_buyers, holdout, holdout_buyers",
            breaks="update marts.campaign_review set new_buyers = 2 where merchant_id = 'm-2'",
        ),
        mart_holds(
            "campaign_review",
            "plan",
            """(status = 'unplanned') = (ends_at is null) and (ends_at is null) = (starts_at is null)
            and (status <> 'unplanned' or stray_orders + steps_planned + treated + holdout = 0)""",
            "status, starts_at, ends_at, stray_orders, steps_planned, treated, holdout",
            breaks="update marts.campaign_review set treated = 1 where status = 'unplanned'",
        ),
        mart_holds(
            "campaign_review",
            "steps",
            "steps_seen <= steps_planned and (steps_missing is null) = (steps_seen = steps_planned)",
            "steps_planned, steps_seen, steps_missing",
            breaks="update marts.campaign_review set steps_missing = null where campaign_id = 'c-3'",
        ),
        mart_holds(
            "campaign_review",
            "uplift",
            """if(treated = 0 or holdout = 0, coalesce(uplift, uplift_lo, uplift_hi, incremental_buyers) is null,
                abs(uplift - (treated_buyers / treated - holdout_buyers / holdout)) < 1e-9
                and uplift between uplift_lo and uplift_hi and abs(incremental_buyers - uplift * treated) < 1e-6)""",
            "treated, holdout, treated_buyers, holdout_buyers, uplift, uplift_lo, uplift_hi, incremental_buyers",
            breaks="update marts.campaign_review set uplift = 0.1 where treated = 70",
        ),
        mart_holds(
            "campaign_review",
            "verdict",
            f"""verdict = case
                when status in ('unplanned', 'planned') then status
                when steps_planned = 0 or steps_seen < 0.8 * steps_planned then 'untracked'
                when status = 'running' then 'running'
                when coalesce(target_orders, target_revenue) is null then 'no_target'
                when orders < target_orders or revenue < target_revenue then 'missed'
                else 'met'
            end or merchant_id not in {COMPLETE}""",
            "status, steps_planned, steps_seen, target_orders, orders, target_revenue, revenue, verdict",
            breaks="update marts.campaign_review set target_revenue = 50.01 where verdict = 'met'",
        ),
    ),
    "red_packet_response": (
        mart_holds(
            "red_packet_response",
            "interval",
            """shared <= packets and receivers <= packets and new_buyers <= orders
            and share_rate between share_rate_lo and share_rate_hi""",
            "packets, receivers, shared, share_rate, share_rate_lo, share_rate_hi, orders, new_buyers",
            breaks="update marts.red_packet_response set share_rate_lo = 0.6 where band = '2-5'",
        ),
        Expectation(
            "rates rise",
            "share_rate_isotonic never falls from band to band",
            f"""select {_CELL}, band, share_rate_isotonic, rate_before from (
                select *, lag(share_rate_isotonic) over (
                    partition by {_CELL} order by list_position({list(BANDS)}, band)
                ) as rate_before
                from marts.red_packet_response
            ) where share_rate_isotonic < rate_before""",
            breaks="update marts.red_packet_response set share_rate_isotonic = 0.1 where band = '2-5'",
        ),
        Expectation(
            "pooling keeps what was shared",
            "the packets of a merchant and tier that the rising rates say were shared are as many as those that were",
            f"""select {_CELL}, sum(shared) as shared, sum(packets * share_rate_isotonic) as pooled
            from marts.red_packet_response group by all
            having abs(sum(shared) - sum(packets * share_rate_isotonic)) > 1e-6 * sum(packets)""",
            breaks="update marts.red_packet_response set share_rate_isotonic = 1 where band = '2-5'",
        ),
        Expectation(
            "one optimum",
            "of the bands with a gain one is the optimum, none gains more, and it is in its interval, but where refunds are "
            "more than what was paid, so that a higher rate gains less; the others have no flags",
            f"""select {_CELL}, count(gain_per_packet) as gains, count(*) filter (where is_optimum) as optima,
                max(gain_per_packet) as best, max(gain_per_packet) filter (where is_optimum) as optimum
            from marts.red_packet_response group by all
            having count(gain_per_packet) <> count(is_optimum) or count(gain_per_packet) <> count(is_in_interval)
                or count(*) filter (where is_optimum) <> if(count(gain_per_packet) > 0, 1, 0)
                or max(gain_per_packet) > max(gain_per_packet) filter (where is_optimum) + 1e-9
                or (bool_or(is_optimum and not is_in_interval) and sum(revenue) >= 0)""",
            breaks="update marts.red_packet_response set is_optimum = not is_optimum where city_tier = '2'",
        ),
        agree(
            "tiers add up",
            "the tiers of a merchant, and of all merchants, add up to all",
            f"select merchant_id, band, {_sums(_COUNTS)} from marts.red_packet_response where city_tier <> 'all' group by all",
            f"select merchant_id, band, {', '.join(_COUNTS)} from marts.red_packet_response where city_tier = 'all'",
            breaks="update marts.red_packet_response set claims = claims + 1 where city_tier = 'unknown'",
        ),
        agree(
            "merchants add up",
            "the merchants of a tier, and of all tiers, add up to all",
            f"select city_tier, band, {_sums(_COUNTS)} from marts.red_packet_response where merchant_id <> 'all' group by all",
            f"select city_tier, band, {', '.join(_COUNTS)} from marts.red_packet_response where merchant_id = 'all'",
            breaks="delete from marts.red_packet_response where merchant_id = 'm-2'",
        ),
        Expectation(
            "money adds up",
            "cost and revenue of all merchants are the sums of those of each, where all of them fit",
            """select city_tier, band, sum(cost) filter (where merchant_id <> 'all') as cost,
                sum(revenue) filter (where merchant_id <> 'all') as revenue
            from marts.red_packet_response group by all
            having count(*) = count(cost) and sum(cost) <> 2 * max(cost) filter (where merchant_id = 'all')
                or count(*) = count(revenue) and sum(revenue) <> 2 * max(revenue) filter (where merchant_id = 'all')""",
            breaks="update marts.red_packet_response set cost = cost + 0.01 where merchant_id = 'm-2'",
        ),
    ),
    "lead_funnel": (
        mart_holds(
            "lead_funnel",
            "stages",
            f"{' and '.join(f'{later} <= {stage}' for stage, later in pairwise(_STAGES))} "
            "and (median_days_to_live is null) = (live = 0)",
            ", ".join((*_STAGES, "median_days_to_live")),
            breaks="update marts.lead_funnel set contacted = leads + 1",
        ),
        mart_holds(
            "lead_funnel",
            "intervals",
            " and ".join(f"coalesce({rate} between {rate}_lo and {rate}_hi, {rate} is null)" for rate in _RATES),
            ", ".join(f"{rate}, {rate}_lo, {rate}_hi" for rate in _RATES),
            breaks="update marts.lead_funnel set called_rate_hi = 0.5 where leads = 4",
        ),
        mart_holds(
            "lead_funnel",
            "weeks",
            "isodow(week) = 1",
            "week",
            breaks="update marts.lead_funnel set week = week + 1",
        ),
        agree(
            "channels add up",
            "the channels of a week add up to all",
            f"select week, {_sums(_STAGES)}, sum(spend) as spend from marts.lead_funnel where not is_total group by all",
            f"select week, {', '.join(_STAGES)}, spend from marts.lead_funnel where is_total",
            breaks="update marts.lead_funnel set spend = 5.01 where channel = 'ads'",
        ),
    ),
}

RULES: Rules = {"channel_returns": CHANNEL_RETURNS, **_CAMPAIGNS}
