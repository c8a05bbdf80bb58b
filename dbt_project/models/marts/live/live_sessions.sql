with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

visits as (
    select * from {{ ref('int_live_visits_derived') }}
),

watched as (
    select
        live_id,
        count(distinct user_id) as viewers,
        sum(date_diff('microsecond', joined_at, left_at)) / 1e6 as watch_seconds
    from visits
    group by live_id
),

moves as (
    select
        live_id,
        joined_at as moved_at,
        1 as change
    from visits
    union all by name
    select
        live_id,
        left_at as moved_at,
        -1 as change
    from visits
),

present as (
    select
        live_id,
        sum(sum(change)) over (
            partition by live_id
            order by moved_at
        ) as viewers_present
    from moves
    group by live_id, moved_at
),

peaks as (
    select
        live_id,
        max(viewers_present) as peak_viewers
    from present
    group by live_id
),

replays as (
    select
        live_id,
        count(distinct user_id) as replay_viewers
    from {{ ref('stg_stream__viewer_joined') }}
    where is_replay
    group by live_id
),

interactions as (
    select
        live_id,
        count(*) as interactions,
        count(distinct user_id) as interacting_viewers,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind = 'coupon') as coupons,
        count(*) filter (where kind = 'red_packet') as red_packets,
        count(*) filter (where kind = 'mic') as mics,
        count(*) filter (where kind = 'product_click') as product_clicks,
        count(*) filter (where kind = 'follow_host') as host_follows
    from {{ ref('stg_stream__interaction') }}
    group by live_id
),

orders as (
    select
        lives.live_id,
        count(*) as orders,
        sum(orders.net) as revenue,
        count(*) filter (where orders.paid_at > lives.ended_at) as orders_after_end
    from lives
    inner join {{ ref('int_orders_netted') }} as orders
        on
            lives.live_id = orders.live_id
            and lives.merchant_id = orders.merchant_id
    group by lives.live_id
),

new_fans as (
    select
        lives.live_id,
        count(distinct spells.user_id) as new_fans
    from lives
    inner join {{ ref('int_fan_spells_derived') }} as spells
        on
            lives.merchant_id = spells.merchant_id
            and spells.started_at between lives.started_at and lives.ended_at
    semi join visits
        on
            lives.live_id = visits.live_id
            and spells.user_id = visits.user_id
    group by lives.live_id
),

final as (
    select
        lives.live_id,
        lives.merchant_id,
        lives.host_id,
        lives.title,
        lives.started_at,
        {{ business_date('lives.started_at') }} as started_date,
        lives.ended_at,
        lives.has_end,
        {{ seconds_between('lives.started_at', 'lives.ended_at') }} as duration_seconds,
        coalesce(watched.viewers, 0) as viewers,
        coalesce(replays.replay_viewers, 0) as replay_viewers,
        cast(coalesce(peaks.peak_viewers, 0) as bigint) as peak_viewers,
        {{ ratio('coalesce(watched.watch_seconds, 0)', 'duration_seconds') }} as average_viewers,
        coalesce(watched.watch_seconds, 0) as watch_seconds,
        coalesce(interactions.interactions, 0) as interactions,
        coalesce(interactions.comments, 0) as comments,
        coalesce(interactions.likes, 0) as likes,
        coalesce(interactions.coupons, 0) as coupons,
        coalesce(interactions.red_packets, 0) as red_packets,
        coalesce(interactions.mics, 0) as mics,
        coalesce(interactions.product_clicks, 0) as product_clicks,
        coalesce(interactions.host_follows, 0) as host_follows,
        coalesce(interactions.interacting_viewers, 0) as interacting_viewers,
        coalesce(orders.orders, 0) as orders,
        {{ published_money('coalesce(orders.revenue, 0)') }} as revenue,
        coalesce(orders.orders_after_end, 0) as orders_after_end,
        coalesce(new_fans.new_fans, 0) as new_fans
    from lives
    left join watched
        on lives.live_id = watched.live_id
    left join replays
        on lives.live_id = replays.live_id
    left join peaks
        on lives.live_id = peaks.live_id
    left join interactions
        on lives.live_id = interactions.live_id
    left join orders
        on lives.live_id = orders.live_id
    left join new_fans
        on lives.live_id = new_fans.live_id
)

select * from final
order by live_id
