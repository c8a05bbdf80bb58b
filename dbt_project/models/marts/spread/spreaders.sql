with spreaders as (
    select * from {{ ref('stg_spread_graph__spreaders') }}
),

routed as (
    select * from {{ ref('int_spreaders_routed') }}
),

final as (
    select
        spreaders.merchant_id,
        spreaders.user_id,
        {{ as_of() }} as as_of,
        spreaders.shares,
        spreaders.opens,
        spreaders.openers,
        spreaders.orders_led,
        spreaders.revenue_led,
        spreaders.subtree_revenue,
        spreaders.influence,
        spreaders.influence_rank,
        spreaders.circle_id,
        spreaders.circles_reached,
        spreaders.bridge_score,
        spreaders.is_connector,
        routed.received,
        routed.passed_on,
        routed.amplification,
        routed.groups_in,
        routed.groups_out,
        routed.routing,
        routed.is_amplifier,
        routed.is_router
    from spreaders
    inner join routed
        on
            spreaders.merchant_id = routed.merchant_id
            and spreaders.user_id = routed.user_id
)

select * from final
order by merchant_id, user_id
