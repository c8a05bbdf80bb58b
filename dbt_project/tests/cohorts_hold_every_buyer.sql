-- A row is a merchant whose cohort sizes do not add up to its buyers, or which has a cohort without a row for some month.
with cohorts as (
    select
        merchant_id,
        sum(cohort_size) filter (where period = 0) as fans,
        sum(orders) as orders
    from {{ ref('cohort_retention') }}
    group by merchant_id
),

buyers as (
    select
        merchant_id,
        count(distinct user_id) as fans,
        count(*) as orders
    from {{ ref('int_orders_deduplicated') }}
    group by merchant_id
),

gaps as (
    select merchant_id
    from {{ ref('cohort_retention') }}
    group by merchant_id, cohort_month
    having count(*) != date_diff('month', cast(cohort_month || '-01' as date), {{ as_of() }}) + 1
)

select
    merchant_id,
    cohorts.fans,
    buyers.fans as buyers
from cohorts
full outer join buyers using (merchant_id)
where
    cohorts.fans is distinct from buyers.fans
    or cohorts.orders is distinct from buyers.orders
    or merchant_id in (select gaps.merchant_id from gaps)
