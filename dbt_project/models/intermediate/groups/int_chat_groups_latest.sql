-- One row a chat group: born at its earliest chat_created, with the attributes of the latest.
with records as (
    select
        *,
        min(event_time) over (partition by group_id) as born_at,
        min(event_date) over (partition by group_id) as born_date
    from {{ ref('stg_group__chat_created') }}
    qualify row_number() over (partition by group_id order by event_time desc, event_id desc, event_source desc) = 1
)

select
    group_id,
    merchant_id,
    owner_id,
    coalesce(kind, 'unknown') as kind,
    coalesce(driver, 'unknown') as driver,
    born_at,
    born_date
from records
