-- The messages that answer another's message in their group. Of several messages with one id the earliest has it.
with messages as (
    select * from {{ ref('stg_group__message_posted') }}
),

answered as (
    select
        group_id,
        message_id,
        user_id
    from messages
    where message_id is not null
    qualify row_number() over (partition by group_id, message_id order by event_time, event_id, event_source) = 1
)

select
    messages.group_id,
    groups.merchant_id,
    messages.user_id,
    answered.user_id as answered_user_id,
    messages.event_time as replied_at,
    messages.event_date as replied_date
from messages
inner join answered
    on
        messages.group_id = answered.group_id
        and messages.reply_to_message_id = answered.message_id
        and messages.user_id != answered.user_id
inner join {{ ref('int_chat_groups_latest') }} as groups
    on messages.group_id = groups.group_id
