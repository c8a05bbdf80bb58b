-- A block stands until a later follow or paid order; an unfollow does not lift it.
with last_ties as (
    select *
    from {{ ref('int_fan_ties_unioned') }}
    where tie != 'unfollow'
    qualify row_number() over (
        partition by merchant_id, user_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

last_outreach as (
    select *
    from {{ ref('stg_shop__outreach_made') }}
    qualify row_number() over (
        partition by merchant_id, user_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

reasons as (
    select
        merchant_id,
        user_id,
        'blocked' as reason,
        event_date as since_date
    from last_ties
    where tie = 'block'
    union all by name
    select
        merchant_id,
        user_id,
        'refused' as reason,
        event_date as since_date
    from last_outreach
    where result = 'refused'
),

final as (
    select
        merchant_id,
        user_id,
        reason,
        since_date
    from reasons
)

select * from final
order by merchant_id, user_id, reason
