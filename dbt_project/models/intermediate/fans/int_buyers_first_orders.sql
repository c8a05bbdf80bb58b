with orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

first_orders as (
    select
        merchant_id,
        user_id,
        min(paid_at) as first_order_at,
        min(paid_date) as first_order_date
    from orders
    group by merchant_id, user_id
)

select * from first_orders
