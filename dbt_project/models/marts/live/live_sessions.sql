with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

visits as (
    select * from {{ ref('int_live_visits_derived') }}
),

viewers as (
    select * from {{ ref('int_live_arrivals_followed') }}
),

watched as (
    select
        live_id,
        count(*) as viewers,
        sum(watch_microseconds) / 1e6 as watch_seconds,
        quantile_cont(watch_microseconds / 1e6, 0.5) as watch_seconds_p50
    from viewers
    group by live_id
),

peaks as (
    select
        live_id,
        max(present) as peak_viewers
    from {{ ref('int_live_presence_accumulated') }}
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

-- by person, what they did and when they first took a coupon or clicked
interacting as (
    select
        live_id,
        user_id,
        count(*) as interactions,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind = 'coupon') as coupons,
        count(*) filter (where kind = 'red_packet') as red_packets,
        count(*) filter (where kind = 'mic') as mics,
        count(*) filter (where kind = 'product_click') as product_clicks,
        count(*) filter (where kind = 'follow_host') as host_follows,
        min(event_time) filter (where kind = 'coupon') as first_coupon_at,
        min(event_time) filter (where kind = 'product_click') as first_clicked_at
    from {{ ref('stg_stream__interaction') }}
    group by live_id, user_id
),

buyers as (
    select
        live_id,
        user_id,
        max(paid_at) as last_paid_at,
        max(paid_at) filter (where coupon_id is not null) as last_coupon_used_at
    from {{ ref('int_live_orders_matched') }}
    group by live_id, user_id
),

interactions as (
    select
        interacting.live_id,
        {%- for name in [
            'interactions', 'comments', 'likes', 'coupons', 'red_packets', 'mics', 'product_clicks', 'host_follows'
        ] %}
            cast(sum(interacting.{{ name }}) as bigint) as {{ name }},
        {%- endfor %}
        count(*) as interacting_viewers,
        count(viewers.user_id) as viewers_interacting,
        count(interacting.first_coupon_at) as coupon_takers,
        count(*) filter (where buyers.last_coupon_used_at >= interacting.first_coupon_at) as coupon_users,
        count(interacting.first_clicked_at) as clickers,
        count(*) filter (where buyers.last_paid_at >= interacting.first_clicked_at) as clickers_buying
    from interacting
    left join viewers
        on
            interacting.live_id = viewers.live_id
            and interacting.user_id = viewers.user_id
    left join buyers
        on
            interacting.live_id = buyers.live_id
            and interacting.user_id = buyers.user_id
    group by interacting.live_id
),

orders as (
    select
        live_id,
        count(*) as orders,
        sum(net) as revenue,
        sum(net) filter (where is_in_live) as revenue_in_live,
        count(*) filter (where is_after_end) as orders_after_end
    from {{ ref('int_live_orders_matched') }}
    group by live_id
),

-- who watched the recording while the live was on, and came back to it
first_replays as (
    select
        lives.live_id,
        joins.user_id,
        min(joins.event_time) as replayed_at
    from lives
    inner join {{ ref('stg_stream__viewer_joined') }} as joins
        on
            lives.live_id = joins.live_id
            and joins.is_replay
            and joins.event_time between lives.started_at and lives.ended_at
    group by lives.live_id, joins.user_id
),

switches as (
    select
        first_replays.live_id,
        count(distinct first_replays.user_id) as replayers_in_live,
        count(distinct joins.user_id) as switched_back
    from first_replays
    inner join lives
        on first_replays.live_id = lives.live_id
    left join {{ ref('stg_stream__viewer_joined') }} as joins
        on
            first_replays.live_id = joins.live_id
            and first_replays.user_id = joins.user_id
            and joins.is_replay is not true
            and first_replays.replayed_at < joins.event_time
            and lives.ended_at >= joins.event_time
    group by first_replays.live_id
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
        watched.watch_seconds_p50,
        coalesce(interactions.interactions, 0) as interactions,
        coalesce(interactions.comments, 0) as comments,
        coalesce(interactions.likes, 0) as likes,
        coalesce(interactions.coupons, 0) as coupons,
        coalesce(interactions.red_packets, 0) as red_packets,
        coalesce(interactions.mics, 0) as mics,
        coalesce(interactions.product_clicks, 0) as product_clicks,
        coalesce(interactions.host_follows, 0) as host_follows,
        coalesce(interactions.interacting_viewers, 0) as interacting_viewers,
        coalesce(interactions.viewers_interacting, 0) as viewers_interacting,
        {{ ratio('coalesce(interactions.viewers_interacting, 0)', 'watched.viewers') }} as interaction_rate,
        {{ wilson_lo('coalesce(interactions.viewers_interacting, 0)', 'watched.viewers') }} as interaction_rate_lo,
        {{ wilson_hi('coalesce(interactions.viewers_interacting, 0)', 'watched.viewers') }} as interaction_rate_hi,
        coalesce(interactions.coupon_takers, 0) as coupon_takers,
        coalesce(interactions.coupon_users, 0) as coupon_users,
        {{ ratio('interactions.coupon_users', 'interactions.coupon_takers') }} as coupon_use_rate,
        {{ wilson_lo('interactions.coupon_users', 'interactions.coupon_takers') }} as coupon_use_rate_lo,
        {{ wilson_hi('interactions.coupon_users', 'interactions.coupon_takers') }} as coupon_use_rate_hi,
        coalesce(interactions.clickers, 0) as clickers,
        coalesce(interactions.clickers_buying, 0) as clickers_buying,
        {{ ratio('interactions.clickers_buying', 'interactions.clickers') }} as click_to_order_rate,
        {{ wilson_lo('interactions.clickers_buying', 'interactions.clickers') }} as click_to_order_rate_lo,
        {{ wilson_hi('interactions.clickers_buying', 'interactions.clickers') }} as click_to_order_rate_hi,
        coalesce(orders.orders, 0) as orders,
        {{ published_money('coalesce(orders.revenue, 0)') }} as revenue,
        {{ published_money('coalesce(orders.revenue_in_live, 0)') }} as revenue_in_live,
        {{ ratio('coalesce(orders.revenue_in_live, 0) * 60', 'duration_seconds') }} as revenue_per_minute,
        {{ ratio('coalesce(orders.revenue, 0) * 1000', 'watched.viewers') }} as revenue_per_1000_viewers,
        coalesce(orders.orders_after_end, 0) as orders_after_end,
        coalesce(new_fans.new_fans, 0) as new_fans,
        coalesce(switches.replayers_in_live, 0) as replayers_in_live,
        coalesce(switches.switched_back, 0) as switched_back,
        {{ ratio('switches.switched_back', 'switches.replayers_in_live') }} as switch_back_rate,
        {{ wilson_lo('switches.switched_back', 'switches.replayers_in_live') }} as switch_back_rate_lo,
        {{ wilson_hi('switches.switched_back', 'switches.replayers_in_live') }} as switch_back_rate_hi
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
    left join switches
        on lives.live_id = switches.live_id
)

select * from final
order by live_id
