"""What must hold of the marts of the area marketing, beside what their declarations say."""

from __future__ import annotations

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

RULES: Rules = {"channel_returns": CHANNEL_RETURNS}
