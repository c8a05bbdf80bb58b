-- The dates on which each chat group was active: at least 3 messages by at least 2 people in the 7 days to the date, and born
-- by it. A spell runs from active_from to the day before active_to. A message counts from its date for 7 days, a writer until
-- 7 days after the last message, so that each message is looked at once, not once for each of the 7 days.
with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

writer_days as (
    select
        group_id,
        user_id,
        event_date,
        count(*) as messages
    from {{ ref('stg_group__message_posted') }}
    group by group_id, user_id, event_date
),

dated as (
    select
        group_id,
        event_date,
        messages,
        least(
            event_date + 7,
            lead(event_date) over (partition by group_id, user_id order by event_date)
        ) as writer_until
    from writer_days
),

changes as (
    select
        group_id,
        event_date as changed_date,
        messages,
        1 as writers
    from dated
    union all by name
    select
        group_id,
        event_date + 7 as changed_date,
        -messages as messages,
        0 as writers
    from dated
    union all by name
    select
        group_id,
        writer_until as changed_date,
        0 as messages,
        -1 as writers
    from dated
),

change_days as (
    select
        group_id,
        changed_date,
        sum(messages) as messages,
        sum(writers) as writers
    from changes
    group by group_id, changed_date
),

levels as (
    select
        group_id,
        changed_date,
        lead(changed_date) over by_date as next_date,
        sum(messages) over by_date as messages_7d,
        sum(writers) over by_date as writers_7d
    from change_days
    window by_date as (partition by group_id order by changed_date)
)

select
    groups.merchant_id,
    levels.group_id,
    greatest(levels.changed_date, groups.born_date) as active_from,
    levels.next_date as active_to
from levels
inner join groups
    on levels.group_id = groups.group_id
where
    levels.messages_7d >= 3
    and levels.writers_7d >= 2
    and levels.next_date > groups.born_date
