-- Viewers and orders of a live, each with the layer, the maker of the share and the channel that it belongs to. Layer 0 came by
-- no share; −1 are orders of people who had not arrived. `is_direct`: no fan passed it on.
with results as (
    select
        live_id,
        merchant_id,
        via_share_id,
        channel,
        false as is_unplaced,
        1 as viewers,
        watch_microseconds,
        0 as orders,
        cast(0 as decimal(18, 2)) as net
    from {{ ref('int_live_arrivals_followed') }}
    union all by name
    select
        live_id,
        merchant_id,
        via_share_id,
        channel,
        is_unplaced,
        0 as viewers,
        0 as watch_microseconds,
        1 as orders,
        net
    from {{ ref('int_live_orders_followed') }}
)

select
    results.live_id,
    results.merchant_id,
    results.via_share_id,
    case when results.is_unplaced then -1 else coalesce(origins.depth + 1, 0) end as layer,
    coalesce(origins.maker_id, 'none') as spreader_id,
    coalesce(origins.channel, results.channel, 'unknown') as channel,
    not results.is_unplaced and coalesce(origins.is_bought, true) as is_direct,
    results.viewers,
    results.watch_microseconds,
    results.orders,
    results.net
from results
left join {{ ref('int_live_share_origins_derived') }} as origins
    on
        results.live_id = origins.live_id
        and results.via_share_id = origins.via_share_id
