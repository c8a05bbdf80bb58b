-- One row a share of a product, or of a team that buys one.
with shares as (
    select *
    from {{ ref('stg_shop__share_created') }}
    where object_type in ('product', 'team')
    qualify row_number() over (partition by merchant_id, share_id order by event_time, event_id, event_source) = 1
),

teams as (
    select * from {{ ref('int_teams_opened') }}
),

final as (
    select
        shares.merchant_id,
        shares.share_id,
        shares.user_id,
        shares.event_date as shared_date,
        if(shares.object_type = 'product', shares.object_id, teams.product_id) as product_id
    from shares
    left join teams
        on
            shares.merchant_id = teams.merchant_id
            and shares.object_id = teams.team_id
            and shares.object_type = 'team'
)

select * from final
where product_id is not null
