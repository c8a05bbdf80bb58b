-- A row says that the merchants' direct revenue is not all payments minus all refunds of their windows.
with merchants as (
    select sum(direct_revenue) as revenue
    from {{ ref('per_fan_revenue') }}
),

paid as (
    select sum(amount) as amount
    from {{ ref('int_orders_deduplicated') }}
    where paid_date > {{ as_of() }} - 365
),

refunded as (
    select sum(amount) as amount
    from {{ ref('int_refunds_deduplicated') }}
    where refunded_date > {{ as_of() }} - 365
)

select
    merchants.revenue,
    paid.amount as paid,
    refunded.amount as refunded
from merchants
cross join paid
cross join refunded
where coalesce(merchants.revenue, 0) is distinct from coalesce(paid.amount, 0) - coalesce(refunded.amount, 0)
