-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'cascade_layers') }}
),

renamed as (
    select
        root_share_id,
        depth,
        merchant_id,
        shares,
        sharers,
        openers,
        orders,
        revenue
    from source
)

select * from renamed
