-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with spreaders as (
    select * from {{ ref('stg_spread_graph__spreaders') }}
),

final as (
    select
        merchant_id,
        user_id,
        {{ as_of() }} as as_of,
        shares,
        opens,
        openers,
        orders_led,
        revenue_led,
        subtree_revenue,
        influence,
        influence_rank,
        circle_id,
        circles_reached,
        bridge_score,
        is_connector
    from spreaders
)

select * from final
order by merchant_id, user_id
