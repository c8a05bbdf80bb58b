-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'share_mix') }}
),

renamed as (
    select
        merchant_id,
        channel,
        month,
        shares,
        share_of_shares,
        opens,
        orders,
        revenue
    from source
)

select * from renamed
