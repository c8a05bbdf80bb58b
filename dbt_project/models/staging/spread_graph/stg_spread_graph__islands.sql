-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'islands') }}
),

renamed as (
    select
        island_id,
        users,
        merchants,
        shares
    from source
)

select * from renamed
