-- The shares of a live, each with its place in its tree.
select
    lives.live_id,
    lives.merchant_id,
    nodes.share_id,
    nodes.user_id,
    nodes.shared_at,
    nodes.root_share_id,
    nodes.parent_share_id,
    nodes.depth
from {{ ref('int_lives_bounded') }} as lives
inner join {{ ref('int_shares_deduplicated') }} as shares
    on
        lives.merchant_id = shares.merchant_id
        and lives.live_id = shares.object_id
        and shares.object_type = 'live'
inner join {{ ref('stg_spread_graph__cascade_nodes') }} as nodes
    on
        shares.merchant_id = nodes.merchant_id
        and shares.share_id = nodes.share_id
