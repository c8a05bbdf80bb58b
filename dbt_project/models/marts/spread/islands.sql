-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with islands as (
    select * from {{ ref('stg_spread_graph__islands') }}
),

final as (
    select
        island_id,
        users,
        merchants,
        shares
    from islands
)

select * from final
order by island_id
