-- One row an order: paid, refunded, net, pieces, the root of the tree it came through, and whether it is the buyer's first.
with orders as (
    select
        *,
        coalesce(list_sum(list_transform(lines, lambda line: struct_extract(line, 'quantity'))), 0) as items
    from {{ ref('int_orders_deduplicated') }}
),

refunds as (
    select
        merchant_id,
        order_id,
        count(*) as refunds,
        sum(amount) as refunded
    from {{ ref('int_refunds_deduplicated') }}
    group by merchant_id, order_id
),

shares as (
    select * from {{ ref('stg_spread_graph__cascade_nodes') }}
),

netted as (
    select
        orders.merchant_id,
        orders.order_id,
        orders.user_id,
        orders.paid_at,
        orders.paid_date,
        orders.amount as paid,
        coalesce(refunds.refunded, 0) as refunded,
        orders.amount - coalesce(refunds.refunded, 0) as net,
        coalesce(refunds.refunds, 0) as refunds,
        orders.items,
        orders.region,
        orders.via_share_id,
        shares.root_share_id,
        orders.team_id,
        orders.live_id,
        orders.coupon_id,
        orders.campaign_id,
        orders.recipient_is_self,
        row_number() over (
            partition by orders.merchant_id, orders.user_id
            order by orders.paid_at, orders.event_id, orders.event_source
        ) = 1 as is_first_order
    from orders
    left join refunds
        on
            orders.merchant_id = refunds.merchant_id
            and orders.order_id = refunds.order_id
    left join shares
        on
            orders.merchant_id = shares.merchant_id
            and orders.via_share_id = shares.share_id
)

select * from netted
