-- For each share through which an order came: the shares from it (step 0) up to the root of its tree.
with recursive nodes as (
    select * from {{ ref('stg_spread_graph__cascade_nodes') }}
),

orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

ordered_through as (
    select distinct
        merchant_id,
        via_share_id
    from orders
    where via_share_id is not null
),

paths as (
    select
        nodes.merchant_id,
        nodes.share_id as via_share_id,
        {{ business_date('nodes.shared_at') }} as via_shared_date,
        0 as step,
        nodes.share_id,
        nodes.user_id,
        nodes.parent_share_id
    from nodes
    inner join ordered_through
        on
            nodes.merchant_id = ordered_through.merchant_id
            and nodes.share_id = ordered_through.via_share_id
    union all
    select
        paths.merchant_id,
        paths.via_share_id,
        paths.via_shared_date,
        paths.step + 1 as step,
        nodes.share_id,
        nodes.user_id,
        nodes.parent_share_id
    from paths
    inner join nodes
        on
            paths.merchant_id = nodes.merchant_id
            and paths.parent_share_id = nodes.share_id
)

select
    merchant_id,
    via_share_id,
    via_shared_date,
    step,
    share_id,
    user_id
from paths
