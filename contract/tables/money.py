"""The tables of the area money."""

from __future__ import annotations

from dataclasses import replace

from contract.columns import (
    AS_OF,
    MERCHANT,
    Null,
    count,
    date,
    flag,
    identifier,
    integer,
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
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export

TABLES: tuple[Table, ...] = (
    Table(
        "orders",
        "Grain: order of a merchant, its earliest payment.",
        key="merchant_id, order_id",
        columns=(
            MERCHANT,
            merchants_own("order_id", "The order."),
            identifier("user_id", "The buyer.", person=True),
            timestamp("paid_at", "When it was paid, UTC."),
            date("paid_date", "Business date of the payment."),
            replace(money("paid", "Amount paid, reporting currency.", least=0), null=Null.NEVER),
            money("refunded", "Sum of its refunds by as_of.", least=0),
            money("net", "paid − refunded; may be negative."),
            count("refunds", "refunds", "Refunds by as_of."),
            flag("is_first_order", "Whether it is the buyer's first at the merchant."),
            text("region", "Region of the order, or unknown."),
            nullable(merchants_own("via_share_id", "The share it came through, known or not.")),
            nullable(merchants_own("root_share_id", "The root of that share's tree; null if the share is not known.")),
            nullable(identifier("team_id", "The team purchase.")),
            nullable(identifier("live_id", "The live stream.")),
            nullable(identifier("coupon_id", "The coupon.")),
            nullable(identifier("campaign_id", "The campaign.")),
            nullable(flag("recipient_is_self", "Whether the buyer receives the goods.")),
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
        time="paid_date",
    ),
    Table(
        "products",
        "Grain: merchant × product, with the latest listing.",
        key="merchant_id, product_id",
        columns=(
            MERCHANT,
            merchants_own("product_id", "The product."),
            nullable(text("title", "Title.")),
            nullable(text("category", "Category, taken as it comes.")),
            replace(money("list_price", "List price, reporting currency.", least=0), null=Null.NEVER),
            nullable(money("cost", "Cost of one piece.", least=0)),
            nullable(money("market_price", "Price elsewhere.", least=0)),
            nullable(text("copy_text", "Wording of the offer.")),
            timestamp("listed_at", "Time of the latest listing, UTC."),
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "per_fan_revenue",
        "Grain: merchant × as_of (单粉丝产值). Window: the 365 days that end at as_of, cut at the merchant's "
        "first event. A fan is a person from the first follow or paid order until an unfollow or block; a "
        "later follow or order makes a fan again. Revenue is net: payments on their date minus refunds on "
        "theirs, uncapped.",
        key="merchant_id",
        columns=(
            MERCHANT,
            AS_OF,
            count("window_days", "days", "Days up to as_of that the figures are of, 1 to 365.", least=1),
            number("avg_fans", "people", "Mean over the window's days of the fans at day end.", least=0),
            count("fans_end", "people", "People who are fans of the merchant at the end of as_of."),
            count("window_fans", "people", "People who were fans of the merchant at any instant of the window."),
            count("buying_fans", "people", "Fans of the window with a paid order in it."),
            money("direct_revenue", "Net revenue of the window, reporting currency."),
            money(
                "assisted_revenue",
                "Net revenue of the window's attributed orders: those through a known share of the merchant.",
            ),
            rate(
                number("revenue_per_fan", "money", "direct_revenue / avg_fans, reporting currency per fan; null without fans."),
                "direct_revenue",
                "avg_fans",
            ),
            nullable(
                number(
                    "revenue_per_fan_lo",
                    "money",
                    "Lower bound of the 95 % interval of revenue_per_fan: it minus z times its standard error over "
                    "people (ratio estimator, delta method).",
                )
            ),
            nullable(number("revenue_per_fan_hi", "money", "Upper bound of the 95 % interval of revenue_per_fan.")),
            nullable(number("revenue_per_fan_annualised", "money", "revenue_per_fan × 365 / window_days.")),
            nullable(number("revenue_per_fan_p50", "money", "Median of direct_revenue over window_fans, interpolated.")),
            nullable(
                number("revenue_per_fan_p90", "money", "90th percentile of direct_revenue over window_fans, interpolated.")
            ),
            rate(
                share("zero_revenue_fan_share", "Share of window_fans without a paid order in the window."),
                "window_fans - buying_fans",
                "window_fans",
            ),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id window_days avg_fans fans_end window_fans buying_fans direct_revenue "
            "assisted_revenue revenue_per_fan revenue_per_fan_annualised revenue_per_fan_p50 "
            "revenue_per_fan_p90 zero_revenue_fan_share",
            "The merchant: what a fan is worth to it, over up to 365 days.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "per_fan_revenue_history",
        "Grain: merchant × month end by as_of: the figures of per_fan_revenue over the 365 days that end "
        "there, as they stood then, and their index against a year and three years before (100 is no "
        "change).",
        key="merchant_id, month_end",
        columns=(
            MERCHANT,
            date("month_end", "Last day of the month and of the window."),
            count("window_days", "days", "Days of the window, 1 to 365.", least=1),
            number("avg_fans", "people", "Mean over the window's days of the fans at day end.", least=0),
            count("fans_end", "people", "Fans at the end of the month."),
            count("window_fans", "people", "Fans at any instant of the window."),
            count("buying_fans", "people", "Fans of the window with a paid order in it."),
            money("direct_revenue", "Net revenue of the window, reporting currency."),
            money("assisted_revenue", "Net revenue of the window's attributed orders."),
            rate(number("revenue_per_fan", "money", "direct_revenue / avg_fans."), "direct_revenue", "avg_fans"),
            nullable(number("revenue_per_fan_annualised", "money", "revenue_per_fan × 365 / window_days.")),
            nullable(number("revenue_per_fan_p50", "money", "Median of direct_revenue over window_fans.")),
            nullable(number("revenue_per_fan_p90", "money", "90th percentile of direct_revenue over window_fans.")),
            rate(
                share("zero_revenue_fan_share", "Share of window_fans without a paid order in the window."),
                "window_fans - buying_fans",
                "window_fans",
            ),
            nullable(
                number(
                    "avg_fans_index_1y",
                    "100 = a year before",
                    "100 × avg_fans / that of the same month a year before; null without that month.",
                )
            ),
            nullable(number("avg_fans_index_3y", "100 = three years before", "The same against three years before.")),
            nullable(
                number(
                    "direct_revenue_index_1y",
                    "100 = a year before",
                    "100 × direct_revenue / that of the same month a year before.",
                )
            ),
            nullable(number("direct_revenue_index_3y", "100 = three years before", "The same against three years before.")),
            nullable(
                number(
                    "revenue_per_fan_index_1y",
                    "100 = a year before",
                    "100 × revenue_per_fan / that of the same month a year before.",
                )
            ),
            nullable(number("revenue_per_fan_index_3y", "100 = three years before", "The same against three years before.")),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS,),
        time="month_end",
    ),
    Table(
        "growth_split",
        "Grain: merchant × month, from the merchant's first event to as_of. The change of revenue against "
        "the month before = user effect + per-fan effect (LMDI-I, Ang 2005): L(R1, R0) · ln(F1 / F0) and "
        "L(R1, R0) · ln(r1 / r0), L the logarithmic mean.",
        key="merchant_id, month",
        columns=(
            MERCHANT,
            month("month", "Calendar month of the figures, such as 2026-03."),
            month_start(),
            money("revenue", "Net revenue of the month, reporting currency."),
            number(
                "avg_fans",
                "people",
                "Mean of the fans at day end over the month's days from the first event to as_of.",
                least=0,
            ),
            rate(number("revenue_per_fan", "money", "revenue / avg_fans; null without fans."), "revenue", "avg_fans"),
            flag(
                "is_complete",
                "Whether the merchant's first event is not after the month's first day, and the month is over by as_of.",
            ),
            nullable(money("revenue_change", "revenue minus that of the month before; null for the first month.")),
            nullable(
                money(
                    "user_effect",
                    "Part of the change that more or fewer fans explain, rounded to cents; null unless both months "
                    "are complete and all factors positive.",
                )
            ),
            nullable(money("per_fan_effect", "The rest of the change: what each fan brought.")),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id month revenue avg_fans revenue_per_fan is_complete revenue_change user_effect per_fan_effect",
            "A month: its revenue, and how much of the change comes from the number of fans and from revenue per fan.",
        ),
        empty=Empty.WARNED,
        time="month_start",
    ),
    Table(
        "cohort_retention",
        "Grain: merchant × cohort_month (month of a fan's first order) × period (calendar months since, "
        "up to the month of as_of).",
        key="merchant_id, cohort_month, period",
        columns=(
            MERCHANT,
            month("cohort_month", "Month of the first order, such as 2026-03."),
            month_start("cohort_month"),
            integer("period", "months", "Calendar months after the cohort month, from 0."),
            count("cohort_size", "people", "Fans whose first order was in the cohort month.", least=1),
            count("retained_on", "people", "Fans of the cohort with an order in this month."),
            count("retained_on_or_after", "people", "Fans of the cohort with an order in this or a later month."),
            count("orders", "orders", "Paid orders of the cohort in this month."),
            money(
                "revenue",
                "Their net revenue in this month, reporting currency; a refund dated before the cohort month "
                "counts in period 0.",
            ),
            number("cumulative_revenue_per_fan", "money", "Their net revenue up to this month / cohort_size."),
            flag("is_complete", "Whether this month is over by as_of."),
        ),
        questions=(Question.RETENTION,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id cohort_month period cohort_size retained_on retained_on_or_after orders revenue "
            "cumulative_revenue_per_fan is_complete",
            "The fans who first bought in cohort_month, in the month that is period months later.",
        ),
        empty=Empty.WARNED,
        time="cohort_month_start",
    ),
    Table(
        "cohort_value",
        "Grain: merchant × cohort_month: what a month's new fans brought, will bring and cost.",
        key="merchant_id, cohort_month",
        family="lifetime_value",
        columns=(
            MERCHANT,
            month("cohort_month", "Month of the first order, such as 2026-03."),
            month_start("cohort_month"),
            count("cohort_size", "people", "Fans whose first order was in the month.", least=1),
            number("revenue_per_fan_to_date", "money", "Net revenue of the cohort by as_of per fan, reporting currency."),
            nullable(number("expected_revenue_per_fan_365d", "money", "Expected revenue of the next 365 days per fan.")),
            nullable(money("spend", "Marketing money that the merchant spent in the month.", least=0)),
            replace(
                rate(number("spend_per_new_fan", "money", "spend / cohort_size."), "spend", "cohort_size"),
                null=Null.NEVER,
            ),
            nullable(
                number("ltv_to_cac", "1", "(revenue to date + expected) per fan / spend_per_new_fan; null without spend.")
            ),
            nullable(
                integer(
                    "payback_months",
                    "months",
                    "Months until the cohort's revenue per fan reached spend_per_new_fan; null while not paid back.",
                )
            ),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS,),
        time="cohort_month_start",
    ),
    Table(
        "product_sales",
        "Grain: merchant × product × month of the payment, from the lines of the orders that have any. Refunds and coupons are "
        "of orders, not of lines, so these figures are before them; the cost is that of the latest listing.",
        key="merchant_id, product_id, month",
        columns=(
            MERCHANT,
            merchants_own("product_id", "The product, listed or not."),
            month("month", "Month of the payments, such as 2026-03."),
            month_start(),
            count("orders", "orders", "Paid orders with the product in a line.", least=1),
            count("refunded_orders", "orders", "Those of them with a refund by as_of."),
            count("pieces", "pieces", "Pieces in these lines.", least=1),
            money("sales", "Sum of quantity × unit price of these lines, reporting currency.", least=0),
            nullable(money("sales_with_cost", "Sales, if the product's cost is known; else null.", least=0)),
            nullable(money("margin", "sales − pieces × cost; null where the cost is not known.")),
        ),
        questions=(Question.SALES,),
        consumers=(ANALYSTS,),
        time="month_start",
    ),
)
