with teams as (
    select * from {{ ref('int_teams_resolved') }}
),

final as (
    select
        merchant_id,
        leader_id as user_id,
        {{ count_team_states() }},
        cast(sum(members) as bigint) as members,
        max(opened_date) as last_opened_date
    from teams
    group by merchant_id, leader_id
)

select * from final
order by merchant_id, user_id
