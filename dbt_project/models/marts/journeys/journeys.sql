with activities as (
    select * from {{ ref('int_activities_sequenced') }}
),

summed as (
    select
        merchant_id,
        user_id,
        journey_number,
        min(active_at) as started_at,
        max(active_at) as ended_at,
        min(active_date) as start_date,
        max(channel) filter (where is_entrance) as entry_channel,
        count(*) filter (where kind = 'view') as page_views,
        count(*) filter (where kind in ('view', 'open') and object_type = 'product') as product_views,
        count(*) filter (where kind = 'open') as share_opens,
        count(*) filter (where kind = 'claim') as coupon_claims,
        count(*) filter (where kind = 'visit') as live_visits,
        sum(dwell_ms) as dwell_ms,
        count(*) filter (where kind = 'order') as orders,
        coalesce(sum(paid), 0) as paid,
        arg_min(order_id, activity_number) as first_order_id,
        min(active_at) filter (where kind = 'order') as first_order_at
    from activities
    group by merchant_id, user_id, journey_number
),

final as (
    select
        merchant_id,
        user_id,
        journey_number,
        started_at,
        ended_at,
        start_date,
        entry_channel,
        page_views,
        product_views,
        share_opens,
        coupon_claims,
        live_visits,
        try_cast(dwell_ms as bigint) as dwell_ms,
        orders,
        {{ published_money('paid') }} as paid,
        first_order_id,
        {{ seconds_between('started_at', 'first_order_at') }} as seconds_to_order
    from summed
)

select * from final
order by merchant_id, user_id, journey_number
