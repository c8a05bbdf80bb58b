-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with cascade_nodes as (
    select * from {{ ref('stg_spread_graph__cascade_nodes') }}
),

final as (
    select
        merchant_id,
        share_id,
        user_id,
        channel,
        shared_at,
        root_share_id,
        parent_share_id,
        parent_status,
        depth,
        subtree_shares,
        subtree_orders,
        subtree_revenue
    from cascade_nodes
)

select * from final
order by merchant_id, share_id
