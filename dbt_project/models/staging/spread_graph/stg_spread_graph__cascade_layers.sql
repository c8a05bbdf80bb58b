with source as (
    select * from {{ lake_day('spread_graph', 'cascade_layers') }}
),

renamed as (
    select
        merchant_id,
        root_share_id,
        depth,
        shares,
        sharers,
        openers,
        orders,
        revenue
    from source
)

select * from renamed
