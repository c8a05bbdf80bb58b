-- The spells in which a person is a fan: from a follow or a paid order until an unfollow or a block.
with ties as (
    select
        *,
        tie in ('follow', 'order') as makes_a_fan
    from {{ ref('int_fan_ties_unioned') }}
),

changes as (
    select *
    from ties
    window in_order as (partition by merchant_id, user_id order by event_time, event_id, event_source)
    qualify makes_a_fan != coalesce(lag(makes_a_fan) over in_order, false)
),

spells as (
    select
        merchant_id,
        user_id,
        event_time as started_at,
        event_date as started_date,
        lead(event_time) over in_order as ended_at,
        lead(event_date) over in_order as ended_date,
        lead(tie) over in_order as ended_by,
        makes_a_fan
    from changes
    window in_order as (partition by merchant_id, user_id order by event_time, event_id, event_source)
)

select
    merchant_id,
    user_id,
    started_at,
    started_date,
    ended_at,
    ended_date,
    ended_by
from spells
where makes_a_fan
