-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with circle_quality as (
    select * from {{ ref('stg_spread_graph__circle_quality') }}
),

final as (
    select
        merchant_id,
        users,
        edges,
        circles,
        median_members,
        cpm_quality,
        modularity
    from circle_quality
)

select * from final
order by merchant_id
