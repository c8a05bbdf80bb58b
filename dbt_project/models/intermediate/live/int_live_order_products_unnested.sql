-- The products in the lines of a live's orders, each once an order.
with orders as (
    select
        matched.live_id,
        matched.merchant_id,
        matched.order_id,
        matched.user_id,
        matched.paid_at,
        matched.is_after_end,
        unnest(orders.lines) as line
    from {{ ref('int_live_orders_matched') }} as matched
    inner join {{ ref('int_orders_deduplicated') }} as orders
        on
            matched.merchant_id = orders.merchant_id
            and matched.order_id = orders.order_id
)

select
    live_id,
    merchant_id,
    order_id,
    user_id,
    paid_at,
    is_after_end,
    struct_extract(line, 'product_id') as product_id,
    sum(cast(struct_extract(line, 'quantity') as decimal(18, 0)) * struct_extract(line, 'unit_price')) as line_value
from orders
group by live_id, merchant_id, order_id, user_id, paid_at, is_after_end, product_id
