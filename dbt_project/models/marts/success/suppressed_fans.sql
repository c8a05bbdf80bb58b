-- A block and an opt-out stand until a later follow or paid order; an unfollow does not lift them.
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

opt_outs as (
    select *
    from {{ ref('stg_shop__outreach_made') }}
    where is_opt_out
    qualify row_number() over (
        partition by merchant_id, user_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

last_returns as (
    select
        merchant_id,
        user_id,
        max(event_time) as returned_at
    from {{ ref('int_fan_ties_unioned') }}
    where tie in ('follow', 'order')
    group by merchant_id, user_id
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
    union all by name
    select
        opt_outs.merchant_id,
        opt_outs.user_id,
        'opted_out' as reason,
        opt_outs.event_date as since_date
    from opt_outs
    left join last_returns
        on
            opt_outs.merchant_id = last_returns.merchant_id
            and opt_outs.user_id = last_returns.user_id
    where last_returns.returned_at is null or last_returns.returned_at <= opt_outs.event_time
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
