-- The orders of a live: those that name it, at its merchant.
select
    lives.live_id,
    lives.merchant_id,
    orders.order_id,
    orders.user_id,
    orders.paid_at,
    orders.net,
    orders.coupon_id,
    orders.via_share_id,
    orders.paid_at between lives.started_at and lives.ended_at as is_in_live,
    orders.paid_at > lives.ended_at as is_after_end
from {{ ref('int_lives_bounded') }} as lives
inner join {{ ref('int_orders_netted') }} as orders
    on
        lives.live_id = orders.live_id
        and lives.merchant_id = orders.merchant_id
