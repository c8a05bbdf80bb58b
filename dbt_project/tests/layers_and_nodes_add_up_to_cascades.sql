-- A row is a share tree whose layers or nodes do not add up to it. Money of merchants whose figures need not fit the marts is
-- left out.
with layers as (
    select
        merchant_id,
        root_share_id,
        sum(shares) as shares,
        sum(orders) as orders,
        sum(revenue) as revenue,
        max(depth) as depth,
        max(shares) as max_breadth
    from {{ ref('cascade_layers') }}
    group by merchant_id, root_share_id
),

roots as (
    select
        merchant_id,
        share_id as root_share_id,
        subtree_shares as shares,
        subtree_orders as orders,
        subtree_revenue as revenue
    from {{ ref('cascade_nodes') }}
    where parent_share_id is null
),

cascades as (
    select * from {{ ref('cascades') }}
),

complete as (
    select merchant_id
    from {{ ref('merchants') }}
    where is_money_complete
)

select
    merchant_id,
    root_share_id,
    cascades.shares,
    layers.shares as of_layers,
    roots.shares as of_nodes
from cascades
full outer join layers using (merchant_id, root_share_id)
full outer join roots using (merchant_id, root_share_id)
left join complete using (merchant_id)
where
    cascades.shares is distinct from layers.shares
    or cascades.orders is distinct from layers.orders
    or cascades.depth is distinct from layers.depth
    or cascades.max_breadth is distinct from layers.max_breadth
    or cascades.shares is distinct from roots.shares
    or cascades.orders is distinct from roots.orders
    or (
        complete.merchant_id is not null
        and (cascades.revenue is distinct from layers.revenue or cascades.revenue is distinct from roots.revenue)
    )
