-- When each person was in a chat group: a spell from a join to the next leave (`left_at`, null if there is none). Whoever
-- joins again while in the group begins no new spell. Present at an instant t: joined_at <= t and not left_at <= t; at a
-- date's end the moves of the midnight itself do not count any more.
with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

moves as (
    select
        group_id,
        user_id,
        event_time,
        event_id,
        event_source,
        true as is_join
    from {{ ref('stg_group__member_joined') }}
    union all by name
    select
        group_id,
        user_id,
        event_time,
        event_id,
        event_source,
        false as is_join
    from {{ ref('stg_group__member_left') }}
),

-- The first of each run of joins, and of each run of leaves.
turns as (
    select
        groups.merchant_id,
        moves.*
    from moves
    inner join groups
        on moves.group_id = groups.group_id
    qualify
        moves.is_join is distinct from lag(moves.is_join) over (
            partition by moves.group_id, moves.user_id
            order by moves.event_time, moves.event_id, moves.event_source
        )
),

spells as (
    select
        merchant_id,
        group_id,
        user_id,
        is_join,
        event_time as joined_at,
        lead(event_time) over (
            partition by group_id, user_id
            order by event_time, event_id, event_source
        ) as left_at
    from turns
)

-- a join and a leave of one instant are no time in the group
select
    merchant_id,
    group_id,
    user_id,
    joined_at,
    left_at
from spells
where
    is_join
    and joined_at is distinct from left_at
