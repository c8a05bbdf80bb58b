-- A row says that the merchants' direct revenue is not all payments minus all refunds of their windows. Merchants whose money
-- need not fit the marts are left out.
with complete as (
    select merchant_id
    from {{ ref('merchants') }}
    where is_money_complete
),

merchants as (
    select sum(years.direct_revenue) as revenue
    from {{ ref('per_fan_revenue') }} as years
    semi join complete
        on years.merchant_id = complete.merchant_id
),

paid as (
    select sum(orders.amount) as amount
    from {{ ref('int_orders_deduplicated') }} as orders
    semi join complete
        on orders.merchant_id = complete.merchant_id
    where orders.paid_date > {{ as_of() }} - 365
),

refunded as (
    select sum(refunds.amount) as amount
    from {{ ref('int_refunds_deduplicated') }} as refunds
    semi join complete
        on refunds.merchant_id = complete.merchant_id
    where refunds.refunded_date > {{ as_of() }} - 365
)

select
    merchants.revenue,
    paid.amount as paid,
    refunded.amount as refunded
from merchants
cross join paid
cross join refunded
where coalesce(merchants.revenue, 0) is distinct from coalesce(paid.amount, 0) - coalesce(refunded.amount, 0)
