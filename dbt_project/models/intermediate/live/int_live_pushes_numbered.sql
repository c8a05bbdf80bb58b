-- The pushes of a live in their order; `unpinned` takes a product away and is none. `target` numbers the pairs of live and
-- product, `moment` counts microseconds from the start of the live, `span` is how many it lasts.
select
    pushes.live_id,
    lives.merchant_id,
    pushes.product_id,
    pushes.action,
    pushes.event_time as pushed_at,
    row_number() over (
        partition by pushes.live_id
        order by pushes.event_time, pushes.event_id, pushes.event_source
    ) as push_number,
    dense_rank() over (order by pushes.live_id, pushes.product_id) as target,
    date_diff('microsecond', lives.started_at, pushes.event_time) as moment,
    date_diff('microsecond', lives.started_at, lives.ended_at) as span
from {{ ref('stg_stream__product_pushed') }} as pushes
inner join {{ ref('int_lives_bounded') }} as lives
    on pushes.live_id = lives.live_id
where pushes.action != 'unpinned'
