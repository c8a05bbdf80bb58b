-- One row a fan who bought more than once and then nothing for long, on as_of and a week before. Who blocked the merchant or
-- refused its last outreach by then is left out.
with days as (
    select unnest([{{ as_of() }}, {{ as_of() }} - 7]) as asked_on
),

orders as (
    select * from {{ ref('int_orders_netted') }}
),

bought as (
    select
        days.asked_on,
        orders.merchant_id,
        orders.user_id,
        count(*) filter (where orders.paid_date <= days.asked_on) as orders,
        coalesce(sum(orders.net) filter (where orders.paid_date <= days.asked_on), 0) as revenue,
        max(orders.paid_date) filter (where orders.paid_date <= days.asked_on) as last_order_date,
        count(*) filter (where orders.paid_date between days.asked_on + 1 and days.asked_on + 7) > 0 as has_woken
    from days
    cross join orders
    group by days.asked_on, orders.merchant_id, orders.user_id
),

suppressed as (
    select
        merchant_id,
        user_id,
        min(since_date) as since_date
    from {{ ref('suppressed_fans') }}
    group by merchant_id, user_id
),

final as (
    select bought.*
    from bought
    inner join {{ ref('int_fan_spells_derived') }} as spells
        on
            bought.merchant_id = spells.merchant_id
            and bought.user_id = spells.user_id
            and bought.asked_on >= spells.started_date
            and bought.asked_on < coalesce(spells.ended_date, 'infinity')
    left join suppressed
        on
            bought.merchant_id = suppressed.merchant_id
            and bought.user_id = suppressed.user_id
            and bought.asked_on >= suppressed.since_date
    where
        bought.orders > 1
        and bought.last_order_date <= bought.asked_on - {{ var('asleep_days') }}
        and suppressed.user_id is null
)

select * from final
