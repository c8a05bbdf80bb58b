with groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

measured as (
    select * from {{ ref('int_chat_groups_measured') }}
),

counted as (
    select
        groups.group_id,
        groups.merchant_id,
        groups.kind,
        groups.driver,
        groups.born_date,
        measured.dissolved_date,
        measured.members,
        measured.last_message_date,
        {{ as_of() }} - coalesce(measured.last_message_date, groups.born_date) as silent_days,
        measured.messages_7d,
        measured.messages_prev_7d
    from groups
    inner join measured
        on groups.group_id = measured.group_id
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
