-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with circle_stability as (
    select * from {{ ref('stg_spread_graph__circle_stability') }}
),

final as (
    select
        merchant_id,
        users_in_both,
        adjusted_rand,
        renamed_share
    from circle_stability
)

select * from final
order by merchant_id
