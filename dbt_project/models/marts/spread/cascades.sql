-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with cascades as (
    select * from {{ ref('stg_spread_graph__cascades') }}
),

final as (
    select
        root_share_id,
        merchant_id,
        root_user_id,
        object_type,
        object_id,
        started_at,
        shares,
        sharers,
        reach,
        depth,
        max_breadth,
        structural_virality,
        seconds_to_half,
        orders,
        revenue
    from cascades
)

select * from final
order by merchant_id, root_share_id
