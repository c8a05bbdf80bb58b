-- A row is a share without a place in a tree, a buyer without a lifetime value or a merchant without a stage, or one of these
-- of nobody: the jobs of spark_jobs did not run for this day, or ran before the last delivery was loaded.
with shares as (
    select distinct
        merchant_id,
        share_id as id
    from {{ ref('stg_shop__share_created') }}
),

placed_shares as (
    select
        merchant_id,
        share_id as id
    from {{ ref('stg_spread_graph__cascade_nodes') }}
),

buyers as (
    select
        merchant_id,
        user_id as id
    from {{ ref('int_buyers_first_orders') }}
),

valued_buyers as (
    select
        merchant_id,
        user_id as id
    from {{ ref('stg_lifetime_value__lifetime_value') }}
),

merchants as (
    select
        merchant_id,
        merchant_id as id
    from {{ ref('int_merchants_first_seen') }}
),

staged_merchants as (
    select
        merchant_id,
        merchant_id as id
    from {{ ref('stg_merchant_churn__merchant_churn_flags') }}
)

select
    'share' as what,
    merchant_id,
    id
from shares
full outer join placed_shares using (merchant_id, id)
where shares.id is null or placed_shares.id is null
union all
select
    'buyer' as what,
    merchant_id,
    id
from buyers
full outer join valued_buyers using (merchant_id, id)
where buyers.id is null or valued_buyers.id is null
union all
select
    'merchant' as what,
    merchant_id,
    id
from merchants
full outer join staged_merchants using (merchant_id, id)
where merchants.id is null or staged_merchants.id is null
