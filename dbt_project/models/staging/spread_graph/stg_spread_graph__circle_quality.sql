-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'circle_quality') }}
),

renamed as (
    select
        merchant_id,
        users,
        edges,
        circles,
        median_members,
        cpm_quality,
        modularity
    from source
)

select * from renamed
