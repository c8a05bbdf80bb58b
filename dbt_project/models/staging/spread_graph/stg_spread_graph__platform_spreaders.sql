-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'platform_spreaders') }}
),

renamed as (
    select
        user_id,
        merchants,
        shares,
        openers,
        influence,
        influence_rank,
        island_id
    from source
)

select * from renamed
