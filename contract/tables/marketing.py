"""The tables of the area marketing."""

from __future__ import annotations

from contract.columns import MERCHANT, choice, count, flag, money, month, month_start, nullable, number, rate, share, text
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export
from contract.values import CHANNEL_DOMAINS

CHANNEL_RETURNS = Table(
    "channel_returns",
    "Grain: merchant × month × channel, where anything happened. People arrive by the channel of their first activity at the "
    "merchant (page view, open of a known share, coupon claim, join of its live, paid order) or follow, in the month of it; "
    "what became of them is told as of as_of. Orders, revenue and spend are those dated in the month, refunds on their own "
    "date. The channel of an event is that of the known share it opens or names, else its own, else `live`, else the one in "
    "which the merchant spent most on its campaign, else `none`.",
    key="merchant_id, month, channel",
    columns=(
        MERCHANT,
        month("month", "Month of the arrivals, orders, refunds and spend, such as 2026-03."),
        month_start(),
        text("channel", "Channel of the arrivals, orders and spend, taken as it comes; `none` where nothing names one."),
        choice("domain", CHANNEL_DOMAINS, "Whose field it is, by the seed channels: `private`, `public`, else `unknown`."),
        flag("is_paid", "Whether the seed channels say that people are bought there."),
        count("arrivals", "people", "People whose first activity or follow was in the month, by the channel."),
        count("settled", "people", "Those of them who followed, or joined a chat group of the merchant, from then on."),
        count("settled_buyers", "people", "Those of the settled with a paid order from settling on."),
        count("buyers", "people", "Those of the arrivals with a paid order."),
        rate(share("conversion", "buyers / arrivals: how many of those who came ever bought."), "buyers", "arrivals"),
        nullable(share("conversion_lo", "Lower bound of its 95 % Wilson interval.")),
        nullable(share("conversion_hi", "Upper bound of its 95 % Wilson interval.")),
        nullable(
            number(
                "relative_conversion",
                "1",
                "conversion / the best conversion of the merchant's paid channels of that month; null if none is above 0.",
                least=0,
            )
        ),
        count("repeat_buyers", "people", "Those of the buyers with orders on two dates or more."),
        rate(
            share("repurchase_rate", "repeat_buyers / buyers: how many of those who bought came back."),
            "repeat_buyers",
            "buyers",
        ),
        nullable(share("repurchase_rate_lo", "Lower bound of its 95 % Wilson interval.")),
        nullable(share("repurchase_rate_hi", "Upper bound of its 95 % Wilson interval.")),
        money("arrival_revenue", "Net revenue of all orders of the arrivals by as_of, reporting currency."),
        count("orders", "orders", "Paid orders of the month by the channel, whoever placed them."),
        money("revenue", "Net revenue of the month of orders by the channel, refunds on their own date."),
        money("spend", "Marketing money of the month in the channel; what names no merchant is left out.", least=0),
        nullable(number("roi", "1", "revenue / spend − 1; null without spend.")),
        rate(number("cost_per_buyer", "money", "spend / buyers: what each buyer cost."), "spend", "buyers"),
    ),
    questions=(Question.SALES,),
    consumers=(ANALYSTS, MERCHANT_SUCCESS),
    audience=Audience.MERCHANT,
    export=export(
        "merchant_id month channel domain is_paid arrivals settled settled_buyers buyers conversion conversion_lo "
        "conversion_hi relative_conversion repeat_buyers repurchase_rate repurchase_rate_lo repurchase_rate_hi arrival_revenue "
        "orders revenue spend roi cost_per_buyer",
        "A channel in a month: who first came by it and what became of them, and what was sold and spent in it.",
    ),
    empty=Empty.WARNED,
    time="month_start",
)

TABLES: tuple[Table, ...] = (CHANNEL_RETURNS,)
