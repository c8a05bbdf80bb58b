-- When a merchant went live, and after how many days its paid orders had come to 10,000 and to 100,000.
with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

dates as (
    select
        merchant_id,
        event_date as live_date
    from {{ ref('stg_shop__merchant_lead') }}
    where stage = 'live'
    union all by name
    select
        merchant_id,
        event_date as onboarded_date
    from {{ ref('stg_shop__merchant_onboarded') }}
),

started as (
    select
        merchants.merchant_id,
        coalesce(min(dates.live_date), min(dates.onboarded_date), merchants.first_event_date) as go_live_on
    from merchants
    left join dates
        on merchants.merchant_id = dates.merchant_id
    group by merchants.merchant_id, merchants.first_event_date
),

paid_days as (
    select
        merchant_id,
        paid_date,
        sum(sum(amount)) over (
            partition by merchant_id
            order by paid_date
        ) as paid_so_far
    from {{ ref('int_orders_deduplicated') }}
    group by merchant_id, paid_date
),

reached as (
    select
        merchant_id,
        min(paid_date) filter (where paid_so_far >= 10000) as reached_10k_on,
        min(paid_date) filter (where paid_so_far >= 100000) as reached_100k_on
    from paid_days
    group by merchant_id
),

timed as (
    select
        started.merchant_id,
        started.go_live_on,
        {{ as_of() }} - started.go_live_on as days_live,
        -- greatest() would leave out a null
        if(reached.reached_10k_on < started.go_live_on, 0, reached.reached_10k_on - started.go_live_on) as days_to_10k,
        if(reached.reached_100k_on < started.go_live_on, 0, reached.reached_100k_on - started.go_live_on) as days_to_100k
    from started
    left join reached
        on started.merchant_id = reached.merchant_id
),

-- Each merchant where its time live ends, and where it was there. Whoever was there by a day and has not been live for as long
-- was there within that shorter time, so that counts along one line say how many are slower than d days:
-- live for d days, less there by d days, plus there and live for less.
points as (
    select
        merchant_id,
        days_live as day,
        true as is_end,
        days_to_10k is not null as is_there
    from timed
    union all
    select
        merchant_id,
        days_to_10k as day,
        false as is_end,
        true as is_there
    from timed
    where days_to_10k is not null
),

compared as (
    select
        merchant_id,
        is_end,
        count(*) filter (where is_end) over (order by day range between current row and unbounded following) as live_that_long,
        count(*) filter (where not is_end) over (
            order by day range between unbounded preceding and current row
        ) as there_by_then,
        count(*) filter (where is_end and is_there) over (
            order by day range between unbounded preceding and 1 preceding
        ) as there_but_younger
    from points
)

select
    timed.merchant_id,
    timed.go_live_on,
    timed.days_to_10k,
    timed.days_to_100k,
    {{ ratio(
        'compared.live_that_long - compared.there_by_then + compared.there_but_younger',
        'compared.live_that_long - 1'
    ) }} as days_to_10k_slower_share
from timed
left join compared
    on
        timed.merchant_id = compared.merchant_id
        and not compared.is_end
