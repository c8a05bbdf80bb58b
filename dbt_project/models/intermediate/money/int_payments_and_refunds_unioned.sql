-- Net revenue is the sum of `amount` here, everywhere: payments on their date, refunds negative on theirs.
with payments as (
    select
        merchant_id,
        order_id,
        'payment' as movement,
        order_id as movement_id,
        user_id,
        via_share_id,
        paid_date,
        paid_date as moved_date,
        amount
    from {{ ref('int_orders_deduplicated') }}
),

refunds as (
    select
        merchant_id,
        order_id,
        'refund' as movement,
        refund_id as movement_id,
        user_id,
        via_share_id,
        paid_date,
        refunded_date as moved_date,
        cast(-amount as decimal(18, 2)) as amount
    from {{ ref('int_refunds_deduplicated') }}
),

unioned as (
    select * from payments
    union all by name
    select * from refunds
)

select * from unioned
