-- The people that representatives look after: each is of the one who brought the first follow, accepted outreach or message,
-- as long as they had not bought by then.
with firsts as (
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        rep_id
    from {{ ref('stg_shop__fan_followed') }}
    where rep_id is not null
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        rep_id
    from {{ ref('stg_shop__outreach_made') }}
    where result = 'accepted'
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        rep_id
    from {{ ref('stg_shop__direct_message') }}
),

met as (
    select
        merchant_id,
        user_id,
        event_time as met_at,
        event_date as met_date,
        coalesce(rep_id, 'unassigned') as rep_id
    from firsts
    qualify row_number() over (
        partition by merchant_id, user_id
        order by event_time, event_id, event_source
    ) = 1
),

orders as (
    select *
    from {{ ref('int_orders_netted') }}
    where is_first_order
)

select
    met.merchant_id,
    met.user_id,
    met.met_at,
    met.met_date,
    {{ no_total('met.rep_id') }} as rep_id,
    met.met_at + interval '720 hours' as window_ends_at,
    window_ends_at <= {{ end_of_as_of() }} as is_matured,
    orders.paid_at as first_order_at,
    orders.coupon_id as first_order_coupon_id,
    coalesce(orders.paid_at < window_ends_at, false) as is_purchased
from met
left join orders
    on
        met.merchant_id = orders.merchant_id
        and met.user_id = orders.user_id
where orders.paid_at is null or orders.paid_at > met.met_at
