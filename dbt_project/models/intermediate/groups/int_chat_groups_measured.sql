-- What happened in each chat group by as_of. A person is a member if their last join or leave is a join.
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
        true as is_member
    from {{ ref('stg_group__member_joined') }}
    union all by name
    select
        group_id,
        user_id,
        event_time,
        event_id,
        event_source,
        false as is_member
    from {{ ref('stg_group__member_left') }}
),

last_moves as (
    select
        group_id,
        is_member
    from moves
    qualify row_number() over (
        partition by group_id, user_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

members as (
    select
        group_id,
        count(*) as members
    from last_moves
    where is_member
    group by group_id
),

messages as (
    select
        group_id,
        max(event_time) as last_message_at,
        max(event_date) as last_message_date,
        count(*) filter (where event_date > {{ as_of() }} - 7) as messages_7d,
        count(*) filter (where event_date between {{ as_of() }} - 13 and {{ as_of() }} - 7) as messages_prev_7d,
        count(*) filter (where event_date > {{ as_of() }} - 28) as messages_28d,
        count(*) filter (where event_date between {{ as_of() }} - 55 and {{ as_of() }} - 28) as messages_prev_28d
    from {{ ref('stg_group__message_posted') }}
    group by group_id
),

dissolved as (
    select
        group_id,
        min(event_time) as dissolved_at,
        min(event_date) as dissolved_date
    from {{ ref('stg_group__chat_dissolved') }}
    group by group_id
)

select
    groups.group_id,
    coalesce(members.members, 0) as members,
    messages.last_message_at,
    messages.last_message_date,
    dissolved.dissolved_at,
    dissolved.dissolved_date,
    coalesce(messages.messages_7d, 0) as messages_7d,
    coalesce(messages.messages_prev_7d, 0) as messages_prev_7d,
    coalesce(messages.messages_28d, 0) as messages_28d,
    coalesce(messages.messages_prev_28d, 0) as messages_prev_28d
from groups
left join members
    on groups.group_id = members.group_id
left join messages
    on groups.group_id = messages.group_id
left join dissolved
    on groups.group_id = dissolved.group_id
