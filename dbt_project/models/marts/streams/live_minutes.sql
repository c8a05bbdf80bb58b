with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

minutes as (
    select
        live_id,
        merchant_id,
        unnest(range(date_diff('minute', date_trunc('minute', started_at), date_trunc('minute', ended_at)) + 1)) as minute,
        date_trunc('minute', started_at) + to_minutes(minute) as minute_at
    from lives
),

events as (
    select
        live_id,
        date_trunc('minute', joined_at) as minute_at,
        1 as joined
    from {{ ref('int_live_visits_derived') }}
    union all by name
    select
        live_id,
        date_trunc('minute', left_at) as minute_at,
        1 as left_
    from {{ ref('int_live_visits_derived') }}
    union all by name
    select
        live_id,
        date_trunc('minute', event_time) as minute_at,
        1 as interactions,
        cast(kind = 'product_click' as integer) as product_clicks
    from {{ ref('stg_stream__interaction') }}
    union all by name
    select
        live_id,
        date_trunc('minute', event_time) as minute_at,
        1 as pushes
    from {{ ref('stg_stream__product_pushed') }}
    union all by name
    select
        lives.live_id,
        date_trunc('minute', orders.paid_at) as minute_at,
        1 as orders,
        orders.net as revenue
    from lives
    inner join {{ ref('int_orders_netted') }} as orders
        on
            lives.live_id = orders.live_id
            and lives.merchant_id = orders.merchant_id
),

summed as (
    select
        live_id,
        minute_at,
        sum(joined) as joined,
        sum(left_) as left_,
        sum(interactions) as interactions,
        sum(product_clicks) as product_clicks,
        sum(pushes) as pushes,
        sum(orders) as orders,
        sum(revenue) as revenue
    from events
    group by live_id, minute_at
),

final as (
    select
        minutes.live_id,
        cast(minutes.minute as integer) as minute,
        minutes.merchant_id,
        minutes.minute_at,
        cast(sum(coalesce(summed.joined, 0) - coalesce(summed.left_, 0)) over (
            partition by minutes.live_id
            order by minutes.minute
        ) as bigint) as viewers,
        cast(coalesce(summed.joined, 0) as bigint) as viewers_joined,
        cast(coalesce(summed.left_, 0) as bigint) as viewers_left,
        cast(coalesce(summed.interactions, 0) as bigint) as interactions,
        cast(coalesce(summed.product_clicks, 0) as bigint) as product_clicks,
        cast(coalesce(summed.pushes, 0) as bigint) as pushes,
        cast(coalesce(summed.orders, 0) as bigint) as orders,
        cast(coalesce(summed.revenue, 0) as decimal(18, 2)) as revenue
    from minutes
    left join summed
        on
            minutes.live_id = summed.live_id
            and minutes.minute_at = summed.minute_at
)

select * from final
order by live_id, minute
