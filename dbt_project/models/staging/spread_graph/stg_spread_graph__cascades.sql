-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('spread_graph', 'cascades') }}
),

renamed as (
    select
        root_share_id,
        merchant_id,
        root_user_id,
        object_type,
        object_id,
        timezone('UTC', started_at) as started_at,
        shares,
        sharers,
        reach,
        depth,
        max_breadth,
        structural_virality,
        seconds_to_half,
        orders,
        revenue
    from source
)

select * from renamed
