with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

measured as (
    select * from {{ ref('int_chat_groups_measured') }}
),

final as (
    select
        groups.group_id,
        groups.merchant_id,
        groups.owner_id,
        groups.kind,
        groups.driver,
        groups.born_at,
        measured.dissolved_at,
        measured.members,
        measured.last_message_at,
        {{ as_of() }} - measured.last_message_date as days_since_last_message,
        measured.messages_28d,
        measured.messages_prev_28d
    from groups
    inner join measured
        on groups.group_id = measured.group_id
)

select * from final
order by group_id
