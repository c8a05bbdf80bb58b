with months as (
    select * from {{ ref('int_cohort_months_enumerated') }}
),

buyers as (
    select * from {{ ref('int_buyers_first_orders') }}
),

movements as (
    select
        movements.merchant_id,
        date_trunc('month', buyers.first_order_date) as cohort_month,
        -- a refund dated before the cohort month counts in period 0
        greatest(date_diff('month', buyers.first_order_date, movements.moved_date), 0) as period,
        movements.user_id,
        movements.movement = 'payment' as is_payment,
        movements.amount
    from {{ ref('int_payments_and_refunds_unioned') }} as movements
    inner join buyers
        on
            movements.merchant_id = buyers.merchant_id
            and movements.user_id = buyers.user_id
),

activity as (
    select
        merchant_id,
        cohort_month,
        period,
        count(distinct user_id) filter (where is_payment) as retained_on,
        count(*) filter (where is_payment) as orders,
        sum(amount) as revenue
    from movements
    group by merchant_id, cohort_month, period
),

last_orders as (
    select
        merchant_id,
        cohort_month,
        user_id,
        max(period) as last_period
    from movements
    where is_payment
    group by merchant_id, cohort_month, user_id
),

leavers as (
    select
        merchant_id,
        cohort_month,
        last_period as period,
        count(*) as fans
    from last_orders
    group by merchant_id, cohort_month, last_period
),

final as (
    select
        months.merchant_id,
        {{ month_of('months.cohort_month') }} as cohort_month,
        cast(months.cohort_month as date) as cohort_month_start,
        cast(months.period as integer) as period,
        months.cohort_size,
        coalesce(activity.retained_on, 0) as retained_on,
        cast(coalesce(sum(leavers.fans) over (
            partition by months.merchant_id, months.cohort_month
            order by months.period desc
        ), 0) as bigint) as retained_on_or_after,
        coalesce(activity.orders, 0) as orders,
        {{ published_money('coalesce(activity.revenue, 0)') }} as revenue,
        cast(sum(coalesce(activity.revenue, 0)) over (
            partition by months.merchant_id, months.cohort_month
            order by months.period
        ) as double) / months.cohort_size as cumulative_revenue_per_fan,
        months.month_end <= {{ as_of() }} as is_complete
    from months
    left join activity
        on
            months.merchant_id = activity.merchant_id
            and months.cohort_month = activity.cohort_month
            and months.period = activity.period
    left join leavers
        on
            months.merchant_id = leavers.merchant_id
            and months.cohort_month = leavers.cohort_month
            and months.period = leavers.period
)

select * from final
order by merchant_id, cohort_month, period
