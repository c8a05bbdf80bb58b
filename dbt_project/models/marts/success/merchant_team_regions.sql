with teams as (
    select * from {{ ref('int_teams_resolved') }}
),

people as (
    select
        teams.merchant_id,
        teams.region,
        count(distinct seats.user_id) as people
    from {{ ref('int_team_seats_taken') }} as seats
    inner join teams
        on seats.team_id = teams.team_id
    group by teams.merchant_id, teams.region
),

counted as (
    select
        merchant_id,
        region,
        {{ count_team_states() }}
    from teams
    group by merchant_id, region
),

final as (
    select
        counted.merchant_id,
        counted.region,
        counted.opened,
        counted.closed,
        counted.formed_organic,
        counted.formed_auto_filled,
        counted.failed,
        counted.open_at_as_of,
        {{ ratio("counted.formed_organic", "counted.closed") }} as formation_rate,
        {{ wilson_lo("counted.formed_organic", "counted.closed") }} as formation_rate_lo,
        {{ wilson_hi("counted.formed_organic", "counted.closed") }} as formation_rate_hi,
        coalesce(people.people, 0) as people
    from counted
    left join people
        on
            counted.merchant_id = people.merchant_id
            and counted.region = people.region
)

select * from final
order by merchant_id, region
