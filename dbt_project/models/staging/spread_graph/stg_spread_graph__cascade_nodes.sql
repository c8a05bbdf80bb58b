-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'cascade_nodes') }}
),

renamed as (
    select
        merchant_id,
        share_id,
        user_id,
        channel,
        timezone('UTC', shared_at) as shared_at,
        root_share_id,
        parent_share_id,
        parent_status,
        depth,
        subtree_shares,
        subtree_orders,
        subtree_revenue
    from source
)

select * from renamed
