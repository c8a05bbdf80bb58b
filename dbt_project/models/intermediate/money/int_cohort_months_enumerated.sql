-- merchant × month of first order × each month from it to that of as_of, with the cohort's size.
with buyers as (
    select * from {{ ref('int_buyers_first_orders') }}
),

cohorts as (
    select
        merchant_id,
        date_trunc('month', first_order_date) as cohort_month,
        count(*) as cohort_size
    from buyers
    group by merchant_id, cohort_month
),

months as (
    select
        merchant_id,
        cohort_month,
        cohort_size,
        unnest(range(date_diff('month', cohort_month, {{ as_of() }}) + 1)) as period
    from cohorts
)

select
    merchant_id,
    cohort_month,
    cohort_size,
    period,
    last_day(cast(cohort_month + to_months(cast(period as integer)) as date)) as month_end
from months
