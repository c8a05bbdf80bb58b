with orders as (
    select * from {{ ref('int_orders_netted') }}
),

final as (
    select
        merchant_id,
        order_id,
        user_id,
        paid_at,
        paid_date,
        paid,
        {{ published_money('refunded') }} as refunded,
        {{ published_money('net') }} as net,
        refunds,
        is_first_order,
        region,
        via_share_id,
        root_share_id,
        team_id,
        live_id,
        coupon_id,
        campaign_id,
        recipient_is_self
    from orders
)

select * from final
order by merchant_id, order_id
