-- One row a share of a product, or of a team that buys one.
with shares as (
    select *
    from {{ ref('int_shares_deduplicated') }}
    where object_type in ('product', 'team')
),

teams as (
    select * from {{ ref('int_teams_opened') }}
),

final as (
    select
        shares.merchant_id,
        shares.share_id,
        shares.user_id,
        shares.shared_date,
        if(shares.object_type = 'product', shares.object_id, teams.product_id) as product_id
    from shares
    left join teams
        on
            shares.merchant_id = teams.merchant_id
            and if(shares.object_type = 'team', shares.object_id, null) = teams.team_id
)

select * from final
where product_id is not null
