-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'circles') }}
),

renamed as (
    select
        merchant_id,
        circle_id,
        members,
        median_degree,
        share_of_reach,
        revenue
    from source
)

select * from renamed
