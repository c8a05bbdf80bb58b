-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'spreaders') }}
),

renamed as (
    select
        merchant_id,
        user_id,
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
    from source
)

select * from renamed
