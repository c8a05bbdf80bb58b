with recent as (
    select
        *,
        {{ business_date('started_at') }} > {{ as_of() }} - 7 as is_of_week
    from {{ ref('cascades') }}
    where {{ business_date('started_at') }} > {{ as_of() }} - {{ var('map_days') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by merchant_id
            order by shares desc, root_share_id asc
        ) as map_rank,
        is_of_week and row_number() over (
            partition by merchant_id, is_of_week
            order by shares desc, root_share_id asc
        ) = 1 as is_largest_of_week
    from recent
),

final as (
    select
        merchant_id,
        root_share_id,
        shares,
        sharers,
        depth,
        orders,
        revenue,
        if(map_rank <= 12, map_rank, null) as map_rank,
        is_largest_of_week
    from ranked
    where
        map_rank <= 12
        or is_largest_of_week
)

select * from final
order by merchant_id, root_share_id
