-- One row a team: what became of it by as_of, and who was in it at its end.
with teams as (
    select * from {{ ref('int_teams_opened') }}
),

seats as (
    select * from {{ ref('int_team_seats_taken') }}
),

first_orders as (
    select * from {{ ref('int_buyers_first_orders') }}
),

reported as (
    select
        team_id,
        event_time as reported_at,
        coalesce(auto_filled, 0) as auto_filled
    from {{ ref('stg_group__team_formed') }}
    qualify row_number() over (partition by team_id order by event_time, event_id, event_source) = 1
),

expired as (
    select distinct team_id
    from {{ ref('stg_group__team_expired') }}
),

completed as (
    select
        team_id,
        min(changed_at) as completed_at
    from seats
    where is_complete
    group by team_id
),

members as (
    select
        teams.team_id,
        count(*) as members,
        count(*) filter (
            where first_orders.first_order_at is null or first_orders.first_order_at >= teams.opened_at
        ) as new_buyer_members
    from seats
    inner join teams
        on seats.team_id = teams.team_id
    left join first_orders
        on
            teams.merchant_id = first_orders.merchant_id
            and seats.user_id = first_orders.user_id
    where seats.is_last and seats.is_present
    group by teams.team_id
),

resolved as (
    select
        teams.team_id,
        teams.merchant_id,
        teams.leader_id,
        teams.product_id,
        teams.region,
        teams.size_required,
        teams.benefit_side,
        teams.goal,
        teams.price,
        teams.via_share_id,
        teams.opened_at,
        teams.opened_date,
        teams.expires_at,
        least(reported.reported_at, completed.completed_at) as formed_at,
        case
            when reported.auto_filled > 0 then 'formed_auto_filled'
            when formed_at is not null then 'formed_organic'
            when expired.team_id is not null or teams.expires_at <= {{ end_of_as_of() }} then 'failed'
            else 'open'
        end as state,
        {{ seconds_between('teams.opened_at', 'formed_at') }} as seconds_to_form,
        coalesce(members.members, 0) as members,
        coalesce(members.new_buyer_members, 0) as new_buyer_members
    from teams
    left join reported
        on teams.team_id = reported.team_id
    left join expired
        on teams.team_id = expired.team_id
    left join completed
        on teams.team_id = completed.team_id
    left join members
        on teams.team_id = members.team_id
)

select * from resolved
