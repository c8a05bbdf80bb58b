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
        true as is_present
    from {{ ref('stg_group__member_joined') }}
    union all by name
    select
        group_id,
        user_id,
        event_time,
        event_id,
        event_source,
        false as is_present
    from {{ ref('stg_group__member_left') }}
),

last_moves as (
    select *
    from moves
    qualify row_number() over (
        partition by group_id, user_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

members as (
    select
        group_id,
        count(*) filter (where is_present) as members
    from last_moves
    group by group_id
),

messages as (
    select
        group_id,
        max(event_date) as last_message_date,
        count(*) filter (where event_date > {{ as_of() }} - 7) as messages_7d,
        count(*) filter (where event_date between {{ as_of() }} - 13 and {{ as_of() }} - 7) as messages_prev_7d
    from {{ ref('stg_group__message_posted') }}
    group by group_id
),

dissolved as (
    select
        group_id,
        min(event_date) as dissolved_date
    from {{ ref('stg_group__chat_dissolved') }}
    group by group_id
),

counted as (
    select
        groups.group_id,
        groups.merchant_id,
        groups.kind,
        groups.driver,
        groups.born_date,
        dissolved.dissolved_date,
        coalesce(members.members, 0) as members,
        messages.last_message_date,
        {{ as_of() }} - coalesce(messages.last_message_date, groups.born_date) as silent_days,
        coalesce(messages.messages_7d, 0) as messages_7d,
        coalesce(messages.messages_prev_7d, 0) as messages_prev_7d
    from groups
    left join members
        on groups.group_id = members.group_id
    left join messages
        on groups.group_id = messages.group_id
    left join dissolved
        on groups.group_id = dissolved.group_id
),

final as (
    select
        *,
        case
            when dissolved_date is not null or silent_days >= 14 then 'dead'
            when silent_days >= 7 or messages_7d * 2 <= messages_prev_7d and messages_prev_7d > 0 then 'dying'
            else 'alive'
        end as state
    from counted
)

select * from final
order by group_id
