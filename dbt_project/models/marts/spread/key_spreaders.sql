-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with key_spreaders as (
    select * from {{ ref('stg_spread_graph__key_spreaders') }}
),

final as (
    select
        merchant_id,
        rank,
        user_id,
        new_openers,
        reach_share,
        revenue_led,
        influence_rank
    from key_spreaders
)

select * from final
order by merchant_id, rank
