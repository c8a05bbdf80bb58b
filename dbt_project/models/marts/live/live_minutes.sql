with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

events as (
    select
        live_id,
        date_trunc('minute', joined_at) as minute_at,
        1 as joined,
        date_diff('microsecond', joined_at, minute_at + interval 1 minute) as watched
    from {{ ref('int_live_visits_derived') }}
    union all by name
    select
        live_id,
        date_trunc('minute', left_at) as minute_at,
        1 as left_,
        -date_diff('microsecond', left_at, minute_at + interval 1 minute) as watched
    from {{ ref('int_live_visits_derived') }}
    union all by name
    select
        live_id,
        date_trunc('minute', event_time) as minute_at,
        1 as interactions,
        cast(kind = 'product_click' as integer) as product_clicks,
        cast(kind = 'coupon' as integer) as coupons
    from {{ ref('stg_stream__interaction') }}
    union all by name
    select
        live_id,
        date_trunc('minute', event_time) as minute_at,
        1 as pushes
    from {{ ref('stg_stream__product_pushed') }}
    union all by name
    select
        live_id,
        date_trunc('minute', paid_at) as minute_at,
        1 as orders,
        net as revenue
    from {{ ref('int_live_orders_matched') }}
),

summed as (
    select
        live_id,
        minute_at,
        sum(joined) as joined,
        sum(left_) as left_,
        sum(watched) as watched,
        sum(interactions) as interactions,
        sum(product_clicks) as product_clicks,
        sum(coupons) as coupons,
        sum(pushes) as pushes,
        sum(orders) as orders,
        sum(revenue) as revenue
    from events
    group by live_id, minute_at
),

-- the minutes in which something happened, and the first and the last
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

-- at most a day of minutes after each, so a clock that was years slow does not make a row for every minute since
minutes as (
    select
        live_id,
        minute_at + to_minutes(unnest(range(least(minutes_to_next, 24 * 60)))) as minute_at
    from spans
),

moved as (
    select
        minutes.live_id,
        minutes.minute_at,
        cast(sum(coalesce(summed.joined, 0) - coalesce(summed.left_, 0)) over (
            partition by minutes.live_id
            order by minutes.minute_at
        ) as bigint) as viewers,
        coalesce(summed.joined, 0) as joined,
        coalesce(summed.left_, 0) as left_,
        coalesce(summed.watched, 0) as watched,
        coalesce(summed.interactions, 0) as interactions,
        coalesce(summed.product_clicks, 0) as product_clicks,
        coalesce(summed.coupons, 0) as coupons,
        coalesce(summed.pushes, 0) as pushes,
        coalesce(summed.orders, 0) as orders,
        coalesce(summed.revenue, 0) as revenue
    from minutes
    left join summed
        on
            minutes.live_id = summed.live_id
            and minutes.minute_at = summed.minute_at
),

final as (
    select
        moved.live_id,
        cast(date_diff('minute', date_trunc('minute', lives.started_at), moved.minute_at) as integer) as minute,
        lives.merchant_id,
        moved.minute_at,
        moved.viewers,
        cast(moved.joined as bigint) as viewers_joined,
        cast(moved.left_ as bigint) as viewers_left,
        -- who was there at its start stays for all of it, but for what those who leave lack
        cast((moved.viewers - moved.joined + moved.left_) * 60 + moved.watched / 1e6 as double) as watch_seconds,
        cast(moved.interactions as bigint) as interactions,
        cast(moved.product_clicks as bigint) as product_clicks,
        cast(moved.coupons as bigint) as coupons,
        cast(moved.pushes as bigint) as pushes,
        cast(moved.orders as bigint) as orders,
        {{ published_money('moved.revenue') }} as revenue
    from moved
    inner join lives
        on moved.live_id = lives.live_id
)

select * from final
order by live_id, minute
