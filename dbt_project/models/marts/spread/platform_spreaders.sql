-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with platform_spreaders as (
    select * from {{ ref('stg_spread_graph__platform_spreaders') }}
),

final as (
    select
        user_id,
        merchants,
        shares,
        openers,
        influence,
        influence_rank,
        island_id
    from platform_spreaders
)

select * from final
order by user_id
