-- The visits of a live: a viewer is present from a join to the next leave, at most to the live's end. Replay is left out.
with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

moves as (
    select
        live_id,
        user_id,
        event_time,
        event_id,
        event_source,
        true as is_present
    from {{ ref('stg_stream__viewer_joined') }}
    where is_replay is not true
    union all by name
    select
        live_id,
        user_id,
        event_time,
        event_id,
        event_source,
        false as is_present
    from {{ ref('stg_stream__viewer_left') }}
    where is_replay is not true
),

changes as (
    select *
    from moves
    qualify is_present != coalesce(
        lag(is_present) over (partition by live_id, user_id order by event_time, event_id, event_source), false
    )
),

visits as (
    select
        changes.live_id,
        changes.user_id,
        changes.is_present,
        greatest(changes.event_time, lives.started_at) as joined_at,
        least(
            coalesce(lead(changes.event_time) over (
                partition by changes.live_id, changes.user_id
                order by changes.event_time, changes.event_id, changes.event_source
            ), lives.ended_at),
            lives.ended_at
        ) as left_at
    from changes
    inner join lives
        on changes.live_id = lives.live_id
)

select
    live_id,
    user_id,
    joined_at,
    left_at
from visits
where
    is_present
    and joined_at <= left_at
