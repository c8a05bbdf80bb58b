-- A refund belongs to its order's buyer and share, and counts once that order is there.
with refunds as (
    select * from {{ ref('stg_shop__order_refunded') }}
    qualify row_number() over (partition by merchant_id, refund_id order by event_time, event_id, event_source) = 1
),

orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

refunds_of_orders as (
    select
        refunds.merchant_id,
        refunds.refund_id,
        refunds.order_id,
        orders.user_id,
        orders.via_share_id,
        orders.paid_date,
        refunds.event_time as refunded_at,
        refunds.event_date as refunded_date,
        refunds.amount
    from refunds
    inner join orders
        on
            refunds.merchant_id = orders.merchant_id
            and refunds.order_id = orders.order_id
)

select * from refunds_of_orders
