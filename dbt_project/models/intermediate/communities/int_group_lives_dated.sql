-- One row a chat group: when it was born, and, if it is dead, when it died: on the date of its last message, at birth at the
-- earliest.
select
    groups.group_id,
    groups.merchant_id,
    groups.owner_id,
    groups.born_at,
    groups.born_date,
    activity.state <> 'dead' as is_living,
    if(activity.state = 'dead', greatest(activity.last_message_date, groups.born_date), null) as died_date
from {{ ref('int_chat_groups_latest') }} as groups
inner join {{ ref('group_activity') }} as activity
    on groups.group_id = activity.group_id
