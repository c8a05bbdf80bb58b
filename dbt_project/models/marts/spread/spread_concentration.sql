-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with spread_concentration as (
    select * from {{ ref('stg_spread_graph__spread_concentration') }}
),

final as (
    select
        merchant_id,
        merchant_id = 'all' as is_total,
        metric,
        users,
        total,
        top_1pct_share,
        top_01pct_share,
        users_for_half,
        gini
    from spread_concentration
)

select * from final
order by merchant_id, metric
