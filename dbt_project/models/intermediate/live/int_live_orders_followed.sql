-- The share of a live through which each of its orders came: its own, else that of its buyer's arrival. An order without either
-- is of an arrival without a share, or of nobody who had arrived by then.
with orders as (
    select * from {{ ref('int_live_orders_matched') }}
),

arrivals as (
    select * from {{ ref('int_live_arrivals_followed') }}
)

select
    orders.live_id,
    orders.merchant_id,
    orders.order_id,
    orders.net,
    coalesce(shares.share_id, arrivals.via_share_id) as via_share_id,
    arrivals.channel,
    shares.share_id is null and arrivals.user_id is null as is_unplaced
from orders
left join {{ ref('int_live_shares_matched') }} as shares
    on
        orders.live_id = shares.live_id
        and orders.via_share_id = shares.share_id
        and orders.user_id != shares.user_id
        and orders.paid_at >= shares.shared_at
left join arrivals
    on
        orders.live_id = arrivals.live_id
        and orders.user_id = arrivals.user_id
        and orders.paid_at >= arrivals.arrived_at
