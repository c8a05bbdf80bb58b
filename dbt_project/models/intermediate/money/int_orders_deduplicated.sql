with orders as (
    select * from {{ ref('stg_shop__order_paid') }}
),

deduplicated as (
    select
        merchant_id,
        order_id,
        user_id,
        event_id,
        event_source,
        event_time as paid_at,
        event_date as paid_date,
        amount,
        lines,
        coalesce(region, 'unknown') as region,
        via_share_id,
        team_id,
        live_id,
        coupon_id,
        campaign_id,
        recipient_is_self
    from orders
    qualify row_number() over (partition by merchant_id, order_id order by event_time, event_id, event_source) = 1
)

select * from deduplicated
