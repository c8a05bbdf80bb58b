-- Who takes and leaves a seat of a team, and when, before the team expires; the leader's opening is the first.
with teams as (
    select * from {{ ref('int_teams_opened') }}
),

events as (
    select
        team_id,
        leader_id as user_id,
        opened_at as event_time,
        event_id,
        event_source,
        true as is_present
    from teams
    union all by name
    select
        team_id,
        user_id,
        event_time,
        event_id,
        event_source,
        true as is_present
    from {{ ref('stg_group__team_joined') }}
    union all by name
    select
        team_id,
        user_id,
        event_time,
        event_id,
        event_source,
        false as is_present
    from {{ ref('stg_group__team_left') }}
),

changes as (
    select
        events.team_id,
        events.user_id,
        events.event_time,
        events.event_id,
        events.event_source,
        events.is_present,
        teams.size_required
    from events
    inner join teams
        on
            events.team_id = teams.team_id
            and events.event_time < teams.expires_at
    qualify
        events.is_present != coalesce(lag(events.is_present) over (
            partition by events.team_id, events.user_id
            order by events.event_time, events.event_id, events.event_source
        ), false)
),

seats as (
    select
        team_id,
        user_id,
        event_id,
        event_source,
        event_time as changed_at,
        is_present,
        sum(if(is_present, 1, -1)) over (
            partition by team_id
            order by event_time, event_id, event_source
            rows unbounded preceding
        ) >= size_required as is_complete,
        lead(event_time) over (partition by team_id, user_id order by event_time, event_id, event_source) is null as is_last
    from changes
)

select * from seats
