"""What must hold of the marts of the area journeys, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds, whole

RULES: Rules = {
    "journeys": (
        mart_holds(
            "journeys",
            "end",
            "ended_at >= started_at",
            "started_at, ended_at",
            breaks="update marts.journeys set ended_at = started_at - interval 1 second where user_id = 'u-2'",
        ),
        mart_holds(
            "journeys",
            "first order",
            """(first_order_id is not null) = (orders > 0) and (seconds_to_order is not null) = (orders > 0)
            and coalesce(seconds_to_order <= date_diff('microsecond', started_at, ended_at) / 1e6, true)""",
            "orders, first_order_id, seconds_to_order",
            breaks="update marts.journeys set seconds_to_order = 601 where user_id = 'u-1'",
        ),
        agree(
            "adds up to orders",
            "every paid order is in one journey",
            f"""select merchant_id, sum(orders) as orders, {whole("sum(paid)")} as paid from marts.journeys
            group by merchant_id having sum(orders) > 0""",
            f"select merchant_id, count(*) as orders, {whole('sum(paid)')} as paid from marts.orders group by merchant_id",
            needs=("orders", "merchants"),
            breaks="update marts.journeys set paid = paid + 0.01 where user_id = 'u-2'",
        ),
        agree(
            "adds up to events",
            "every page view and every claim of a coupon is in one journey",
            "select coalesce(sum(page_views), 0) as views, coalesce(sum(coupon_claims), 0) as claims from marts.journeys",
            """select
                coalesce(sum(events) filter (where event_type = 'shop.page_viewed.v1'), 0) as views,
                coalesce(sum(events) filter (where event_type = 'shop.coupon_claimed.v1'), 0) as claims
            from marts.event_registry where event_date <= getvariable('as_of')""",
            needs=("event_registry",),
            breaks="update marts.journeys set coupon_claims = coupon_claims + 1 where user_id = 'u-2'",
        ),
    ),
    "page_funnel": (
        mart_holds(
            "page_funnel",
            "parts of journeys",
            """greatest(entrances, exits, paid_journeys, viewers) <= journeys and journeys <= views
            and exit_rate between exit_rate_lo and exit_rate_hi and conversion between conversion_lo and conversion_hi""",
            "views, viewers, journeys, entrances, exits, paid_journeys",
            breaks="update marts.page_funnel set exits = journeys + 1 where object_id = 'p-1'",
        ),
        Expectation(
            "expected as many",
            "over the pages of a kind as many paid journeys are expected as there were",
            """select merchant_id, object_type, sum(expected_paid_journeys) as expected, sum(paid_journeys) as paid
            from marts.page_funnel group by merchant_id, object_type
            having abs(sum(expected_paid_journeys) - sum(paid_journeys)) > 1e-9 * greatest(1, sum(journeys))""",
            breaks="update marts.page_funnel set expected_paid_journeys = 1 + expected_paid_journeys where object_id = 'p-2'",
        ),
        agree(
            "adds up to journeys",
            "the views of all pages are those of the journeys begun in the 28 days",
            "select merchant_id, sum(views) as views from marts.page_funnel group by merchant_id",
            """select merchant_id, sum(page_views) as views from marts.journeys
            where start_date > getvariable('as_of') - 28 group by merchant_id having sum(page_views) > 0""",
            needs=("journeys",),
            breaks="update marts.page_funnel set views = views + 1 where object_id = 'p-2'",
        ),
    ),
    "leaking_pages": (
        mart_holds(
            "leaking_pages",
            "leak",
            """exit_rate > other_exit_rate and abs(missing_paid_journeys - (expected_paid_journeys - paid_journeys)) < 1e-9""",
            "exit_rate, other_exit_rate, paid_journeys, expected_paid_journeys, missing_paid_journeys",
            breaks="update marts.leaking_pages set other_exit_rate = exit_rate",
        ),
        agree(
            "are pages",
            "the figures of a page are those of page_funnel",
            """select merchant_id, object_type, object_id, journeys, exits, paid_journeys, expected_paid_journeys
            from marts.leaking_pages""",
            """select merchant_id, object_type, object_id, journeys, exits, paid_journeys, expected_paid_journeys
            from marts.page_funnel semi join marts.leaking_pages using (merchant_id, object_type, object_id)""",
            needs=("page_funnel",),
            breaks="update marts.leaking_pages set journeys = journeys + 1",
        ),
    ),
}
