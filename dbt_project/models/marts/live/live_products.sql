with clicks as (
    select
        lives.live_id,
        clicks.product_id,
        clicks.user_id,
        count(*) as clicks,
        min(clicks.event_time) as first_clicked_at
    from {{ ref('int_lives_bounded') }} as lives
    inner join {{ ref('stg_stream__interaction') }} as clicks
        on
            lives.live_id = clicks.live_id
            and clicks.kind = 'product_click'
            and clicks.product_id is not null
    group by lives.live_id, clicks.product_id, clicks.user_id
),

replays as (
    select
        lives.live_id,
        joins.product_id,
        joins.user_id,
        min(joins.event_time) as first_replayed_at
    from {{ ref('int_lives_bounded') }} as lives
    inner join {{ ref('stg_stream__viewer_joined') }} as joins
        on
            lives.live_id = joins.live_id
            and joins.is_replay
            and joins.product_id is not null
    group by lives.live_id, joins.product_id, joins.user_id
),

orders as (
    select * from {{ ref('int_live_order_products_unnested') }}
),

buyers as (
    select
        live_id,
        product_id,
        user_id,
        max(paid_at) as last_paid_at
    from orders
    group by live_id, product_id, user_id
),

events as (
    select
        live_id,
        product_id,
        count(*) as pushes
    from {{ ref('int_live_pushes_numbered') }}
    group by live_id, product_id
    union all by name
    select
        clicks.live_id,
        clicks.product_id,
        sum(clicks.clicks) as clicks,
        count(*) as clickers,
        count(*) filter (where buyers.last_paid_at >= clicks.first_clicked_at) as clickers_buying
    from clicks
    left join buyers
        on
            clicks.live_id = buyers.live_id
            and clicks.product_id = buyers.product_id
            and clicks.user_id = buyers.user_id
    group by clicks.live_id, clicks.product_id
    union all by name
    select
        replays.live_id,
        replays.product_id,
        count(*) as replay_viewers,
        count(*) filter (where buyers.last_paid_at > replays.first_replayed_at) as replay_buyers
    from replays
    left join buyers
        on
            replays.live_id = buyers.live_id
            and replays.product_id = buyers.product_id
            and replays.user_id = buyers.user_id
    group by replays.live_id, replays.product_id
    union all by name
    select
        live_id,
        product_id,
        count(*) as orders,
        sum(line_value) as line_value,
        count(*) filter (where is_after_end) as orders_after_end
    from orders
    group by live_id, product_id
),

summed as (
    select
        live_id,
        product_id,
        cast(coalesce(sum(pushes), 0) as bigint) as pushes,
        cast(coalesce(sum(clicks), 0) as bigint) as clicks,
        cast(coalesce(sum(clickers), 0) as bigint) as clickers,
        cast(coalesce(sum(clickers_buying), 0) as bigint) as clickers_buying,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        coalesce(sum(line_value), 0) as line_value,
        cast(coalesce(sum(orders_after_end), 0) as bigint) as orders_after_end,
        cast(coalesce(sum(replay_viewers), 0) as bigint) as replay_viewers,
        cast(coalesce(sum(replay_buyers), 0) as bigint) as replay_buyers
    from events
    group by live_id, product_id
),

final as (
    select
        summed.live_id,
        summed.product_id,
        lives.merchant_id,
        summed.pushes,
        summed.clicks,
        summed.clickers,
        summed.clickers_buying,
        {{ ratio('summed.clickers_buying', 'summed.clickers') }} as click_to_order_rate,
        {{ wilson_lo('summed.clickers_buying', 'summed.clickers') }} as click_to_order_rate_lo,
        {{ wilson_hi('summed.clickers_buying', 'summed.clickers') }} as click_to_order_rate_hi,
        summed.orders,
        {{ published_money('summed.line_value') }} as line_value,
        summed.orders_after_end,
        summed.replay_viewers,
        summed.replay_buyers
    from summed
    inner join {{ ref('int_lives_bounded') }} as lives
        on summed.live_id = lives.live_id
)

select * from final
order by live_id, product_id
