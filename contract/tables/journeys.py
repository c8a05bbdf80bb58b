"""The tables of the area journeys."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    USER,
    choice,
    count,
    date,
    identifier,
    merchants_own,
    money,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.success import RULES
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Question, Table, export
from contract.values import LEAKS

TABLES: tuple[Table, ...] = (
    Table(
        "journeys",
        "Grain: merchant × user × journey_number. An activity is a page view, an open of a known share, a coupon claim, a "
        "join of a live stream (replays too) or a paid order, by time, then event id. A new journey begins after a gap of over "
        "30 minutes, or at a view with another session than the last known one of the journey; midnight does not cut.",
        key="merchant_id, user_id, journey_number",
        columns=(
            MERCHANT,
            USER,
            count("journey_number", "journeys", "Number of the journey among the person's at the merchant, from 1.", least=1),
            timestamp("started_at", "First activity, UTC."),
            timestamp("ended_at", "Last activity, UTC."),
            date("start_date", "Business date of the first activity."),
            text("entry_channel", "Channel of the first activity, or none."),
            count("page_views", "views", "Page views."),
            count("product_views", "views", "Views of a product's page and opens of a product's share."),
            count("share_opens", "opens", "Opens of known shares, one's own too."),
            count("coupon_claims", "coupons", "Coupons claimed."),
            count("live_visits", "joins", "Joins of live streams, replays too."),
            nullable(count("dwell_ms", "ms", "Time on the pages, added up over the views that tell it; null if none does.")),
            count("orders", "orders", "Paid orders."),
            money("paid", "Payment of these orders, before refunds, reporting currency.", least=0),
            nullable(merchants_own("first_order_id", "The first of these orders; null without one.")),
            nullable(
                number(
                    "seconds_to_order", "seconds", "From started_at to the first of these orders; null without one.", least=0
                )
            ),
        ),
        questions=(Question.JOURNEYS,),
        consumers=(ANALYSTS,),
        time="start_date",
    ),
    Table(
        "page_funnel",
        "Grain: merchant × object_type × object_id that was viewed in journeys begun in the last 28 days; of these journeys.",
        key="merchant_id, object_type, object_id",
        columns=(
            MERCHANT,
            text("object_type", "Kind of the page: product, page, live or another that the shop names."),
            identifier("object_id", "What the page shows. Unique only within its merchant and kind."),
            count("views", "views", "Views of the page.", least=1),
            count("viewers", "people", "People who viewed it.", least=1),
            count("journeys", "journeys", "Journeys with a view of it.", least=1),
            count("entrances", "journeys", "Those that begin with a view of it."),
            count("exits", "journeys", "Those that end with a view of it."),
            rate(share("exit_rate", "Share of these journeys that end on the page: exits / journeys."), "exits", "journeys"),
            nullable(share("exit_rate_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("exit_rate_hi", "Upper bound of its 95 % Wilson interval.")),
            nullable(number("median_dwell_ms", "ms", "Median of the times that views tell; null if none does.", least=0)),
            count("paid_journeys", "journeys", "Journeys with a paid order after their first view of the page."),
            rate(
                share("conversion", "Share of them with an order after it: paid_journeys / journeys."),
                "paid_journeys",
                "journeys",
            ),
            nullable(share("conversion_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("conversion_hi", "Upper bound of its 95 % Wilson interval.")),
            number(
                "expected_paid_journeys",
                "journeys",
                "journeys × the conversion of all the merchant's pages of the kind together.",
                least=0,
            ),
        ),
        questions=(Question.JOURNEYS,),
        consumers=(ANALYSTS,),
        audience=Audience.MERCHANT,
        export=export(
            """merchant_id object_type object_id views viewers journeys entrances exits exit_rate exit_rate_lo exit_rate_hi
            median_dwell_ms paid_journeys conversion conversion_lo conversion_hi expected_paid_journeys""",
            "A page that was viewed in journeys begun in the last 28 days.",
        ),
    ),
    Table(
        "leaking_pages",
        "Grain: merchant × object_type × object_id of page_funnel that leaks: the interval of its exit_rate lies above that of "
        "the merchant's other pages of the kind, and at least one journey less was paid after it than expected.",
        key="merchant_id, object_type, object_id",
        columns=(
            MERCHANT,
            text("object_type", "Kind of the page: product, page, live or another that the shop names."),
            identifier("object_id", "What the page shows. Unique only within its merchant and kind."),
            text("title", "Title of the product, else the page's id."),
            count("rank", "place, from 1", "Place by missing_paid_journeys, then exits.", least=1),
            count("journeys", "journeys", "Journeys with a view of the page, begun in the last 28 days.", least=1),
            count("exits", "journeys", "Those that end with a view of it.", least=1),
            rate(share("exit_rate", "Share of these journeys that end on the page: exits / journeys."), "exits", "journeys"),
            share("other_exit_rate", "The same of the merchant's other pages of the kind together."),
            count("paid_journeys", "journeys", "Journeys with a paid order after their first view of the page."),
            number(
                "expected_paid_journeys",
                "journeys",
                "journeys × the conversion of all the merchant's pages of the kind together.",
                least=0,
            ),
            number(
                "missing_paid_journeys", "journeys", "expected_paid_journeys - paid_journeys: what the leak costs.", least=1
            ),
            choice(
                "advice",
                LEAKS,
                f"unread: half of the views last under {RULES['unread_ms'] / 1000:g} seconds; else unconvincing for a "
                "product's page, dead_end for another.",
            ),
        ),
        questions=(Question.JOURNEYS,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            """merchant_id object_type object_id title rank journeys exits exit_rate other_exit_rate paid_journeys
            expected_paid_journeys missing_paid_journeys advice""",
            "A page on which more people leave than on the merchant's others of the kind, and fewer buy than expected.",
        ),
    ),
)
