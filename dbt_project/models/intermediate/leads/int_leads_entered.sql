-- People who did something at a merchant before they first bought there, or without having bought.
with days as (
    select
        *,
        lag(behaved_date) over (partition by merchant_id, user_id order by behaved_date) as date_before
    from {{ ref('int_lead_behaviours_dated') }}
),

orders as (
    select * from {{ ref('int_buyers_first_orders') }}
),

entered as (
    select
        days.merchant_id,
        days.user_id,
        min(days.behaved_at) as entered_at,
        min(days.behaved_date) as entered_date,
        arg_min(days.source, days.behaved_date) as entry_source,
        max(days.behaved_date) as last_behaviour_date,
        count(*) filter (
            where
            days.behaved_date - days.date_before >= 30
            and (orders.first_order_date is null or days.behaved_date <= orders.first_order_date)
        ) as reactivations,
        any_value(orders.first_order_at) as first_order_at,
        any_value(orders.first_order_date) as first_order_date
    from days
    left join orders
        on
            days.merchant_id = orders.merchant_id
            and days.user_id = orders.user_id
    group by days.merchant_id, days.user_id
)

select * from entered
where first_order_at is null or first_order_at > entered_at
