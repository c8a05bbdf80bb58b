"""The tables of the area marketing."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    RATIO,
    choice,
    count,
    date,
    flag,
    identifier,
    is_total,
    merchants_own,
    money,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.success import RULES
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export
from contract.values import BANDS, CAMPAIGN_STATUSES, CAMPAIGN_VERDICTS, CHANNEL_DOMAINS

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
        nullable(number("roi", RATIO, "revenue / spend − 1; null without spend.")),
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

_CAMPAIGNS = (
    Table(
        "campaign_review",
        "Grain: merchant × campaign that is planned, or that an order, money spent or a red packet sent names: what it was to "
        "bring, what it brought, whether the steps on the way were seen, and what it changed against people left alone. A plan "
        "is its latest; a campaign holds from starts_at to before ends_at.",
        key="merchant_id, campaign_id",
        columns=(
            MERCHANT,
            merchants_own("campaign_id", "The campaign."),
            nullable(text("title", "Its title, as it comes.")),
            nullable(timestamp("starts_at", "When it begins, UTC; null without a plan.")),
            nullable(timestamp("ends_at", "When it is over, UTC; null without a plan.")),
            nullable(money("budget", "Money that may be spent, reporting currency.", least=0)),
            nullable(count("target_orders", "orders", "Orders that it is to bring.")),
            nullable(money("target_revenue", "Net revenue that it is to bring, reporting currency.", least=0)),
            choice("status", CAMPAIGN_STATUSES, "Where it stands at the end of as_of; unplanned without a plan."),
            count("orders", "orders", "Orders that name it, paid while it holds; all of them without a plan."),
            count("stray_orders", "orders", "Orders that name it, paid before or after."),
            count("buyers", "people", "People who paid these orders, without stray ones."),
            count("new_buyers", "people", "Those of them whose first order at the merchant is one of these."),
            money("paid", "Paid for these orders, reporting currency.", least=0),
            money("revenue", "Paid less the refunds of these orders, whenever they came."),
            money("spend", "Marketing money that names the merchant and the campaign, whenever it was spent.", least=0),
            rate(number("roi", RATIO, "revenue / spend − 1."), "revenue - spend", "spend"),
            rate(
                number(
                    "cost_per_new_buyer",
                    "reporting currency per person",
                    "Marketing money for each new buyer: spend / new_buyers.",
                    least=0,
                ),
                "spend",
                "new_buyers",
            ),
            count("steps_planned", "steps", "Event types that are to be seen, each once."),
            count("steps_seen", "steps", "Of these, types of which an event names the campaign while it holds."),
            nullable(text("steps_missing", "The others in order, with blanks between; null if none is missing.")),
            rate(
                share("tracking_coverage", "Part of the planned steps that was seen: steps_seen / steps_planned."),
                "steps_seen",
                "steps_planned",
            ),
            count(
                "treated",
                "people",
                "People whose earliest assignment to the campaign is before ends_at and not to control.",
            ),
            count("holdout", "people", "People whose earliest assignment is before ends_at and to control: left alone."),
            count(
                "treated_buyers",
                "people",
                "Of treated, those with an order at the merchant, of the campaign or not, from the later of assignment and "
                "starts_at to before ends_at.",
            ),
            count("holdout_buyers", "people", "Of holdout, those with such an order."),
            nullable(
                number(
                    "uplift",
                    RATIO,
                    "treated_buyers / treated − holdout_buyers / holdout; null unless both have people.",
                    least=-1,
                    most=1,
                )
            ),
            nullable(
                number(
                    "uplift_lo",
                    RATIO,
                    "Lower bound of the 95 % interval of uplift by Newcombe (1998), method 10.",
                    least=-1,
                    most=1,
                )
            ),
            nullable(number("uplift_hi", RATIO, "Upper bound of it.", least=-1, most=1)),
            nullable(number("incremental_buyers", "people", "uplift × treated: buyers that would not have bought.")),
            choice(
                "verdict",
                CAMPAIGN_VERDICTS,
                "The first that holds: unplanned, planned, untracked (no steps, or tracking_coverage below 0.8), running, "
                "no_target, met (every target that is given), missed.",
            ),
        ),
        questions=(Question.SALES,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id campaign_id title starts_at ends_at budget target_orders target_revenue status orders stray_orders "
            "buyers new_buyers paid revenue spend roi cost_per_new_buyer steps_planned steps_seen steps_missing "
            "tracking_coverage treated holdout treated_buyers holdout_buyers uplift uplift_lo uplift_hi incremental_buyers "
            "verdict",
            "A campaign that is planned, or that an order, money spent or a red packet sent names.",
            file="campaigns",
        ),
    ),
    Table(
        "red_packet_response",
        "Grain: merchant × tier of the receiver's city × band of the amount, with totals over merchants and tiers (all): what "
        "red packets of that size brought within 168 hours. Packets sent from 364 to 7 days before as_of, each once.",
        key="merchant_id, city_tier, band",
        columns=(
            identifier("merchant_id", "The merchant, or all."),
            text("city_tier", "Tier of the receiver's city when the packet was sent, 1 (largest) to 5, unknown, or all."),
            choice("band", BANDS, "Band of the packet's amount, upper end excluded."),
            is_total(
                "'all' in (merchant_id, city_tier)",
                "Whether the row is a total over merchants or tiers: leave it out, or take one kind alone.",
            ),
            count("packets", "packets", "Red packets sent to people in these cities.", least=1),
            count("receivers", "people", "People whom they were sent to.", least=1),
            count("shared", "packets", "Of packets, those that their receiver shared."),
            rate(
                share("share_rate", "Part of the packets that their receivers shared: shared / packets."), "shared", "packets"
            ),
            nullable(share("share_rate_lo", "Lower bound of the 95 % Wilson interval of share_rate.")),
            nullable(share("share_rate_hi", "Upper bound of it.")),
            share(
                "share_rate_isotonic",
                "share_rate as it rises with the band: neighbours that fall are pooled, weighted by packets.",
            ),
            count("claims", "claims", "Claims of these packets, a person's earliest of each."),
            money("cost", "Amount claimed, reporting currency.", least=0),
            count("orders", "orders", "Orders through any share of these packets."),
            count("new_buyers", "people", "Those of them that are first orders at the merchant."),
            money("revenue", "Net revenue of these orders, refunds whenever they came."),
            nullable(
                number(
                    "gain_per_packet",
                    "reporting currency per packet",
                    "share_rate_isotonic × margin × revenue of all bands / shared of all bands − cost / packets; null under 10 "
                    "packets or where nothing was shared.",
                )
            ),
            nullable(flag("is_optimum", "Whether no band gains more; of equals the lowest. Null where the gain is.")),
            nullable(
                flag(
                    "is_in_interval",
                    "Whether the band may be as good as the optimum: its gain at the upper Wilson bound of its pooled rate is "
                    "not below the optimum's at the lower one. Null where the gain is.",
                )
            ),
        ),
        questions=(Question.SALES,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id city_tier band packets receivers shared share_rate share_rate_lo share_rate_hi share_rate_isotonic "
            "claims cost orders new_buyers revenue gain_per_packet is_optimum is_in_interval",
            "Red packets of one band of amounts to people in cities of one tier, or of all; tiers with fewer than "
            f"{RULES['smallest_cell']} people in the band are left out.",
            file="red_packets",
        ),
    ),
    Table(
        "lead_funnel",
        "Grain: channel × week of the lead's first event, with totals over channels (all): how merchants come to the platform. "
        "A lead that reached a stage has passed those before it. Money that names no merchant is spent on leads.",
        key="channel, week",
        columns=(
            text("channel", "First channel that an event of the lead names, or unknown; all in a total."),
            date("week", "Monday of the week of the lead's first event, of spend of the week in which it was spent."),
            is_total("channel = 'all'", "Whether the row is of all channels; the others have them once more."),
            count("leads", "merchants", "Merchants that may join."),
            count("contacted", "merchants", "Of these, those that were contacted."),
            count("called", "merchants", "Those that were called."),
            count("contracted", "merchants", "Those that signed."),
            count("live", "merchants", "Those that went live."),
            count(
                "activated",
                "merchants",
                "Of live, those whose last named merchant has an order within 30 days of going live, both ends included.",
            ),
            rate(share("contacted_rate", "contacted / leads."), "contacted", "leads"),
            nullable(share("contacted_rate_lo", "Lower bound of the 95 % Wilson interval of contacted_rate.")),
            nullable(share("contacted_rate_hi", "Upper bound of it.")),
            rate(share("called_rate", "called / contacted."), "called", "contacted"),
            nullable(share("called_rate_lo", "Lower bound of the 95 % Wilson interval of called_rate.")),
            nullable(share("called_rate_hi", "Upper bound of it.")),
            rate(share("contracted_rate", "contracted / called."), "contracted", "called"),
            nullable(share("contracted_rate_lo", "Lower bound of the 95 % Wilson interval of contracted_rate.")),
            nullable(share("contracted_rate_hi", "Upper bound of it.")),
            rate(share("live_rate", "live / contracted."), "live", "contracted"),
            nullable(share("live_rate_lo", "Lower bound of the 95 % Wilson interval of live_rate.")),
            nullable(share("live_rate_hi", "Upper bound of it.")),
            rate(share("activated_rate", "activated / live."), "activated", "live"),
            nullable(share("activated_rate_lo", "Lower bound of the 95 % Wilson interval of activated_rate.")),
            nullable(share("activated_rate_hi", "Upper bound of it.")),
            nullable(
                number("median_days_to_live", "days", "Median time from the first event to going live, in 86,400 s.", least=0)
            ),
            nullable(money("spend", "Marketing money of the week that names no merchant; null if it does not fit.", least=0)),
            rate(
                number("cost_per_live", "reporting currency per lead", "spend / live.", least=0),
                "spend",
                "live",
            ),
        ),
        questions=(Question.SALES,),
        consumers=(ANALYSTS,),
        time="week",
    ),
)

TABLES: tuple[Table, ...] = (CHANNEL_RETURNS, *_CAMPAIGNS)
