-- A block stands until a later follow or paid order; an unfollow does not lift it.
with ties as (
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        true as is_block
    from {{ ref('stg_shop__fan_blocked') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        false as is_block
    from {{ ref('stg_shop__fan_followed') }}
    union all by name
    select
        merchant_id,
        user_id,
        paid_at as event_time,
        paid_date as event_date,
        event_id,
        event_source,
        false as is_block
    from {{ ref('int_orders_deduplicated') }}
),

last_ties as (
    select *
    from ties
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
    where is_block
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
