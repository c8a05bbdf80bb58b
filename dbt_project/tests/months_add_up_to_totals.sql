-- A row is a merchant whose months do not add up to its net revenue of all time. Merchants whose figures
-- need not fit the marts are left out.
with totals as (
    select
        merchant_id,
        sum(amount) as revenue
    from {{ ref('int_payments_and_refunds_unioned') }}
    group by merchant_id
),

months as (
    select
        merchant_id,
        sum(revenue) as revenue
    from {{ ref('growth_split') }}
    group by merchant_id
),

complete as (
    select merchant_id
    from {{ ref('merchants') }}
    where is_money_complete
)

select
    merchant_id,
    totals.revenue,
    months.revenue as of_months
from totals
full outer join months using (merchant_id)
semi join complete using (merchant_id)
where coalesce(totals.revenue, 0) is distinct from months.revenue
