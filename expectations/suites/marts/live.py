"""What must hold of the marts of the area live, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import COMPLETE, Expectation, Rules, agree, mart_holds


def _adds_up(mart: str, *, breaks: str) -> Expectation:
    """The rows of a live add up to it. Seconds are doubles, whose last digits follow the order of the sum."""
    return Expectation(
        "adds up to live_sessions",
        "viewers, orders, revenue and watch time of a live are those of its rows together",
        f"""
        with parts as (
            select live_id, sum(viewers) as viewers, sum(orders) as orders, sum(revenue) as revenue,
                sum(watch_seconds) as watch_seconds
            from marts.{mart} group by live_id
        )
        select live_id, lives.viewers, parts.viewers, lives.orders, parts.orders, lives.revenue, parts.revenue,
            lives.watch_seconds, parts.watch_seconds
        from marts.live_sessions as lives full join parts using (live_id)
        where lives.viewers is distinct from coalesce(parts.viewers, 0)
            or lives.orders is distinct from coalesce(parts.orders, 0)
            or lives.merchant_id in {COMPLETE} and lives.revenue <> coalesce(parts.revenue, 0)
            or abs(lives.watch_seconds - coalesce(parts.watch_seconds, 0)) > 1e-6 * (1 + lives.watch_seconds)
        """,
        needs=("live_sessions", "merchants"),
        breaks=breaks,
    )


RULES: Rules = {
    "live_sessions": (
        mart_holds(
            "live_sessions",
            "end",
            "ended_at >= started_at",
            "started_at, ended_at",
            breaks="update marts.live_sessions set ended_at = timestamp '2026-03-01 11:59:59'",
        ),
        mart_holds(
            "live_sessions",
            "viewers",
            "interacting_viewers <= interactions and (average_viewers is null or peak_viewers >= average_viewers - 1e-9)",
            "interacting_viewers, interactions, peak_viewers, average_viewers",
            breaks="update marts.live_sessions set average_viewers = peak_viewers + 1",
        ),
        mart_holds(
            "live_sessions",
            "parts",
            "viewers_interacting <= least(viewers, interacting_viewers) and coupon_users <= coupon_takers "
            "and clickers_buying <= clickers and switched_back <= replayers_in_live "
            "and (watch_seconds_p50 is null) = (viewers = 0)",
            "viewers_interacting, coupon_users, clickers_buying, switched_back, watch_seconds_p50",
            breaks="update marts.live_sessions set switched_back = 2",
        ),
    ),
    "live_minutes": (
        mart_holds(
            "live_minutes",
            "time",
            # those at its end and those who left are all who were there
            "watch_seconds <= 60 * (viewers + viewers_left) + 1e-6",
            "watch_seconds, viewers, viewers_left",
            breaks="update marts.live_minutes set watch_seconds = 301",
        ),
    ),
    "live_products": (
        mart_holds(
            "live_products",
            "parts",
            "clickers <= clicks and clickers_buying <= clickers and orders_after_end <= orders "
            "and replay_buyers <= replay_viewers",
            "clicks, clickers, clickers_buying, orders, orders_after_end, replay_viewers, replay_buyers",
            breaks="update marts.live_products set replay_buyers = 2 where product_id = 'p-1'",
        ),
        mart_holds(
            "live_products",
            "not all is 0",
            "pushes + clicks + orders + replay_viewers > 0",
            breaks="insert into marts.live_products by name (select * replace ('p-9' as product_id, 0 as pushes, 0 as clicks, "
            "0 as orders, 0 as replay_viewers) from marts.live_products limit 1)",
        ),
        agree(
            "pushes are those of live_pushes",
            "a product was pushed as often as there are pushes of it",
            "select live_id, product_id, pushes from marts.live_products where pushes > 0",
            "select live_id, product_id, count(*) as pushes from marts.live_pushes group by all",
            needs=("live_pushes",),
            breaks="delete from marts.live_pushes where push_number = 2",
        ),
    ),
    "live_pushes": (
        mart_holds(
            "live_pushes",
            "estimated",
            "(status = 'estimated') = (clicks_lift is not null) and (status = 'estimated') = (orders_lift is not null) "
            "and (status <> 'estimated' or placebos >= 20)",
            "status, placebos, clicks_lift, orders_lift",
            breaks="update marts.live_pushes set status = 'edge' where push_number = 1",
        ),
        mart_holds(
            "live_pushes",
            "intervals",
            "coalesce(clicks_lift_lo <= clicks_lift_hi and orders_lift_lo <= orders_lift_hi "
            "and least(clicks_p_value, orders_p_value) > 0, status <> 'estimated')",
            "clicks_lift_lo, clicks_lift_hi, clicks_p_value, orders_lift_lo, orders_lift_hi, orders_p_value",
            breaks="update marts.live_pushes set clicks_lift_lo = clicks_lift_hi + 1 where push_number = 1",
        ),
        mart_holds(
            "live_pushes",
            "placebos",
            "greatest(clicks_placebos_covered, orders_placebos_covered) <= placebos_tested and placebos_tested <= placebos",
            "placebos, placebos_tested, clicks_placebos_covered, orders_placebos_covered",
            breaks="update marts.live_pushes set orders_placebos_covered = 17 where push_number = 1",
        ),
    ),
    "live_channels": (
        _adds_up("live_channels", breaks="update marts.live_channels set viewers = viewers + 1 where channel = 'ads'"),
        mart_holds(
            "live_channels",
            "people",
            "arrivals <= viewers and invited_arrived <= invited and reserved_arrived <= reserved",
            "arrivals, viewers, invited, invited_arrived, reserved, reserved_arrived",
            breaks="update marts.live_channels set arrivals = 6 where channel = 'ads'",
        ),
        mart_holds(
            "live_channels",
            "verdict",
            f"""merchant_id not in {COMPLETE} or verdict = case when spend = 0 then 'no_spend'
            when direct_revenue >= spend then 'paid_back' when revenue >= spend then 'paid_back_by_spread'
            else 'not_paid_back' end""",
            "spend, direct_revenue, revenue, verdict",
            breaks="update marts.live_channels set verdict = 'paid_back' where channel = 'ads'",
        ),
    ),
    "live_spread": (
        _adds_up("live_spread", breaks="update marts.live_spread set revenue = 29 where layer = 1"),
        mart_holds(
            "live_spread",
            "subtrees",
            "if(layer <= 0, spreader_id = 'none' and subtree_viewers is null and subtree_orders is null, "
            "shares > 0 and subtree_viewers >= viewers and subtree_orders >= orders)",
            "shares, viewers, orders, subtree_viewers, subtree_orders",
            breaks="update marts.live_spread set subtree_orders = 0 where layer = 1",
        ),
    ),
}
