-- The spells in which a person is a fan: from a follow or a paid order until an unfollow or a block.
with ties as (
    select
        *,
        tie in ('follow', 'order') as makes_a_fan
    from {{ ref('int_fan_ties_unioned') }}
),

changes as (
    select
        *,
        makes_a_fan != coalesce(lag(makes_a_fan) over in_order, false) as is_change,
        is_change and makes_a_fan as is_start,
        is_change and not makes_a_fan as is_end
    from ties
    window in_order as (partition by merchant_id, user_id order by event_time, event_id, event_source)
),

numbered as (
    select
        *,
        count(*) filter (where is_start) over (
            partition by merchant_id, user_id
            order by event_time, event_id, event_source
            rows unbounded preceding
        ) as spell_number
    from changes
),

-- a number has one start, at most one end, and all ties up to the next start; a follow among them is of the spell
spells as (
    select
        merchant_id,
        user_id,
        spell_number,
        min(event_time) filter (where is_start) as started_at,
        min(event_date) filter (where is_start) as started_date,
        min(tie) filter (where is_start) as started_by,
        min(channel) filter (where is_start) as started_channel,
        min(via_share_id) filter (where is_start) as started_via_share_id,
        min(event_date) filter (where tie = 'follow') as followed_date,
        min(event_time) filter (where is_end) as ended_at,
        min(event_date) filter (where is_end) as ended_date,
        min(tie) filter (where is_end) as ended_by
    from numbered
    where spell_number > 0
    group by merchant_id, user_id, spell_number
)

select * from spells
