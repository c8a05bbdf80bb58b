-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with cascade_layers as (
    select * from {{ ref('stg_spread_graph__cascade_layers') }}
),

final as (
    select
        root_share_id,
        depth,
        merchant_id,
        shares,
        sharers,
        openers,
        orders,
        revenue
    from cascade_layers
)

select * from final
order by merchant_id, root_share_id, depth
