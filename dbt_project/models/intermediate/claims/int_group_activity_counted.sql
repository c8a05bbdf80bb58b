-- One row a chat group that was active in the 7 days to as_of: at least 3 messages by at least 2 people.
with messages as (
    select
        group_id,
        count(*) as messages,
        count(distinct user_id) as writers
    from {{ ref('stg_group__message_posted') }}
    where event_date > {{ as_of() }} - 7
    group by group_id
),

active as (
    select
        groups.group_id,
        groups.members
    from {{ ref('chat_groups') }} as groups
    inner join messages
        on groups.group_id = messages.group_id
    where
        messages.messages >= 3
        and messages.writers >= 2
)

select * from active
