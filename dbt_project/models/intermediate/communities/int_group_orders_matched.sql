-- The paid orders that came through a chat group's share, each with its group.
select
    shares.group_id,
    shares.group_merchant_id,
    orders.merchant_id,
    orders.order_id,
    orders.user_id,
    orders.paid_at,
    orders.paid_date,
    orders.net,
    shares.share_id,
    shares.user_id as sharer_id
from {{ ref('int_orders_netted') }} as orders
inner join {{ ref('int_group_shares_matched') }} as shares
    on
        orders.merchant_id = shares.merchant_id
        and orders.via_share_id = shares.share_id
