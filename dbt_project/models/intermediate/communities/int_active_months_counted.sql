-- The months in which each person was active at a merchant: whether they are new, were there the month before or came back,
-- and whether they are lost, which is not active in the month after.
with days as (
    select
        merchant_id,
        user_id,
        unnest(dates) as date
    from {{ ref('int_active_people_dated') }}
),

months as (
    select
        merchant_id,
        user_id,
        cast(date_trunc('month', date) as date) as month_start,
        count(*) as active_days
    from days
    group by all
)

select
    *,
    case
        when lag(month_start) over by_month is null then 'new'
        when lag(month_start) over by_month = month_start - interval 1 month then 'retained'
        else 'resurrected'
    end as kind,
    coalesce(lead(month_start) over by_month <> cast(month_start + interval 1 month as date), true) as is_lost
from months
window by_month as (partition by merchant_id, user_id order by month_start)
