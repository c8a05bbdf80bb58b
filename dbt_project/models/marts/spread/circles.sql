-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with circles as (
    select * from {{ ref('stg_spread_graph__circles') }}
),

final as (
    select
        merchant_id,
        circle_id,
        members,
        median_degree,
        share_of_reach,
        revenue
    from circles
)

select * from final
order by merchant_id, circle_id
