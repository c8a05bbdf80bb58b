-- The messages of chat groups with the role of their writers. Of several messages with one id the earliest has it.
with messages as (
    select * from {{ ref('stg_group__message_posted') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
)

select
    groups.merchant_id,
    messages.group_id,
    messages.user_id,
    messages.event_id,
    messages.event_source,
    messages.event_time as posted_at,
    messages.event_date as posted_date,
    coalesce(messages.role, if(messages.user_id = groups.owner_id, 'owner', 'member')) as role,
    coalesce(messages.role, if(messages.user_id = groups.owner_id, 'owner', 'member')) in ('owner', 'staff') as is_official,
    coalesce(messages.is_broadcast, false) as is_broadcast,
    if(
        row_number() over (
            partition by messages.group_id, messages.message_id
            order by messages.event_time, messages.event_id, messages.event_source
        ) = 1,
        messages.message_id,
        null
    ) as message_id,
    messages.reply_to_message_id
from messages
inner join groups
    on messages.group_id = groups.group_id
