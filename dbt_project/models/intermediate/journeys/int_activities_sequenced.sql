-- Every activity with its journey. A view's session is compared with the last known one of the same journey: one that was known
-- before the last gap says nothing.
with preceded as (
    select
        merchant_id,
        user_id,
        active_at,
        active_date,
        event_id,
        event_source,
        kind,
        object_type,
        object_id,
        session_id,
        dwell_ms,
        order_id,
        paid,
        channel,
        row_number() over person as activity_number,
        coalesce(active_at > lag(active_at) over person + interval 30 minute, true) as is_after_gap,
        lag(session_id ignore nulls) over person as known_session_id,
        lag(if(session_id is null, null, active_at) ignore nulls) over person as known_at
    from {{ ref('int_activities_unioned') }}
    window person as (partition by merchant_id, user_id order by active_at, event_id, event_source)
),

bounded as (
    select
        *,
        max(active_at) filter (where is_after_gap) over (
            partition by merchant_id, user_id
            order by activity_number
        ) as gap_ended_at
    from preceded
),

begun as (
    select
        * exclude (is_after_gap, known_session_id, known_at, gap_ended_at),
        is_after_gap or coalesce(session_id <> known_session_id and known_at >= gap_ended_at, false) as is_entrance
    from bounded
),

sequenced as (
    select
        * exclude (session_id),
        count(*) filter (where is_entrance) over (
            partition by merchant_id, user_id
            order by activity_number
        ) as journey_number
    from begun
)

select * from sequenced
