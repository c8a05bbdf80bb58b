-- What pushes are judged by: clicks on the products pushed in a live, and orders with a line of them, by microseconds since its
-- start.
with targets as (
    select distinct
        pushes.target,
        pushes.live_id,
        pushes.product_id,
        lives.started_at
    from {{ ref('int_live_pushes_numbered') }} as pushes
    inner join {{ ref('int_lives_bounded') }} as lives
        on pushes.live_id = lives.live_id
)

select
    targets.target,
    targets.live_id,
    'clicks' as response,
    date_diff('microsecond', targets.started_at, clicks.event_time) as moment
from targets
inner join {{ ref('stg_stream__interaction') }} as clicks
    on
        targets.live_id = clicks.live_id
        and targets.product_id = clicks.product_id
        and clicks.kind = 'product_click'
union all by name
select
    targets.target,
    targets.live_id,
    'orders' as response,
    date_diff('microsecond', targets.started_at, orders.paid_at) as moment
from targets
inner join {{ ref('int_live_order_products_unnested') }} as orders
    on
        targets.live_id = orders.live_id
        and targets.product_id = orders.product_id
