-- The visits of a live: a viewer is present from a join until the next leave, or the live's end. Replay is left out. A visit is
-- cut to the live; `came_at` is the time of its join, and `is_arrival` says whether it is its viewer's first.
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
        via_share_id,
        channel,
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
        lives.merchant_id,
        changes.user_id,
        changes.is_present,
        changes.event_time as came_at,
        changes.event_id,
        changes.event_source,
        changes.via_share_id,
        changes.channel,
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
    merchant_id,
    user_id,
    came_at,
    via_share_id,
    channel,
    joined_at,
    left_at,
    row_number() over (partition by live_id, user_id order by came_at, event_id, event_source) = 1 as is_arrival
from visits
where
    is_present
    and joined_at <= left_at
