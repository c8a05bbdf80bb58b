with teams as (
    select * from {{ ref('int_teams_resolved') }}
),

final as (
    select
        merchant_id,
        region,
        size_required,
        benefit_side,
        goal,
        opened_date,
        {{ count_team_states() }},
        median(seconds_to_form) filter (where state = 'formed_organic') as median_seconds_to_form,
        cast(sum(members) as bigint) as members,
        cast(sum(new_buyer_members) as bigint) as new_buyer_members
    from teams
    group by merchant_id, region, size_required, benefit_side, goal, opened_date
)

select * from final
order by merchant_id, region, size_required, benefit_side, goal, opened_date
