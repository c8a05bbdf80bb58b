with lives as (
    select * from {{ ref('int_lives_bounded') }}
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

-- the minutes in which something happened, the first and the last among them
moments as (
    select
        live_id,
        date_trunc('minute', started_at) as minute_at
    from lives
    union distinct
    select
        live_id,
        date_trunc('minute', ended_at) as minute_at
    from lives
    union distinct
    select
        summed.live_id,
        summed.minute_at
    from summed
    inner join lives
        on
            summed.live_id = lives.live_id
            and summed.minute_at between lives.started_at and lives.ended_at
),

spans as (
    select
        live_id,
        minute_at,
        coalesce(
            date_diff('minute', minute_at, lead(minute_at) over (
                partition by live_id
                order by minute_at
            )), 1
        ) as minutes_to_next
    from moments
),

-- and a day of minutes after each: a clock that was years late makes no row for every minute since
minutes as (
    select
        live_id,
        minute_at + to_minutes(unnest(range(least(minutes_to_next, 24 * 60)))) as minute_at
    from spans
),

final as (
    select
        minutes.live_id,
        cast(date_diff('minute', date_trunc('minute', lives.started_at), minutes.minute_at) as integer) as minute,
        lives.merchant_id,
        minutes.minute_at,
        cast(sum(coalesce(summed.joined, 0) - coalesce(summed.left_, 0)) over (
            partition by minutes.live_id
            order by minutes.minute_at
        ) as bigint) as viewers,
        cast(coalesce(summed.joined, 0) as bigint) as viewers_joined,
        cast(coalesce(summed.left_, 0) as bigint) as viewers_left,
        cast(coalesce(summed.interactions, 0) as bigint) as interactions,
        cast(coalesce(summed.product_clicks, 0) as bigint) as product_clicks,
        cast(coalesce(summed.pushes, 0) as bigint) as pushes,
        cast(coalesce(summed.orders, 0) as bigint) as orders,
        {{ published_money('coalesce(summed.revenue, 0)') }} as revenue
    from minutes
    inner join lives
        on minutes.live_id = lives.live_id
    left join summed
        on
            minutes.live_id = summed.live_id
            and minutes.minute_at = summed.minute_at
)

select * from final
order by live_id, minute
