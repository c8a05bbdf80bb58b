-- Kaplan–Meier median of the seconds until a team of a design forms by itself. Open teams are censored at the end of as_of,
-- platform-filled teams when they were filled; failed teams never form and stay at risk.
with teams as (
    select
        size_required,
        benefit_side,
        goal,
        state = 'formed_organic' as is_formed,
        case state
            when 'failed' then 'infinity'::double
            when 'open' then {{ seconds_between('opened_at', end_of_as_of()) }}
            else seconds_to_form
        end as seconds
    from {{ ref('int_teams_resolved') }}
),

times as (
    select
        size_required,
        benefit_side,
        goal,
        seconds,
        count(*) as teams,
        count(*) filter (where is_formed) as formed
    from teams
    group by size_required, benefit_side, goal, seconds
),

at_risk as (
    select
        *,
        sum(teams) over (
            partition by size_required, benefit_side, goal
            order by seconds
            rows between current row and unbounded following
        ) as teams_at_risk
    from times
),

curves as (
    select
        *,
        product(1 - formed / teams_at_risk) over (
            partition by size_required, benefit_side, goal
            order by seconds
            rows unbounded preceding
        ) as not_formed
    from at_risk
),

medians as (
    select
        size_required,
        benefit_side,
        goal,
        min(seconds) filter (where not_formed <= 0.5) as median_seconds_to_form
    from curves
    group by size_required, benefit_side, goal
)

select * from medians
