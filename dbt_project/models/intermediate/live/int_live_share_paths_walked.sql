-- For each share through which somebody or an order came to a live: the shares from it (step 0) up to the root of its tree.
with recursive shares as (
    select * from {{ ref('int_live_shares_matched') }}
),

came_through as (
    select
        live_id,
        via_share_id
    from {{ ref('int_live_arrivals_followed') }}
    where via_share_id is not null
    union distinct
    select
        live_id,
        via_share_id
    from {{ ref('int_live_orders_followed') }}
    where via_share_id is not null
),

paths as (
    select
        shares.live_id,
        shares.merchant_id,
        shares.share_id as via_share_id,
        0 as step,
        shares.share_id,
        shares.user_id,
        shares.shared_at,
        shares.depth,
        shares.parent_share_id
    from shares
    inner join came_through
        on
            shares.live_id = came_through.live_id
            and shares.share_id = came_through.via_share_id
    union all
    select
        paths.live_id,
        paths.merchant_id,
        paths.via_share_id,
        paths.step + 1 as step,
        shares.share_id,
        shares.user_id,
        shares.shared_at,
        shares.depth,
        shares.parent_share_id
    from paths
    inner join shares
        on
            paths.live_id = shares.live_id
            and paths.parent_share_id = shares.share_id
)

select
    live_id,
    merchant_id,
    via_share_id,
    step,
    share_id,
    user_id,
    shared_at,
    depth
from paths
