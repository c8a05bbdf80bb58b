-- People who bought in the last 90 days and made a share, at any time, that another user opened in those 90 days.
with orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

opens as (
    select * from {{ ref('stg_shop__share_opened') }}
),

shares as (
    select * from {{ ref('stg_spread_graph__cascade_nodes') }}
),

buyers as (
    select distinct
        merchant_id,
        user_id
    from orders
    where paid_date > {{ as_of() }} - 90
),

opened_sharers as (
    select distinct
        shares.merchant_id,
        shares.user_id
    from opens
    inner join shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
            and opens.user_id != shares.user_id
    where opens.event_date > {{ as_of() }} - 90
)

select
    buyers.merchant_id,
    buyers.user_id
from buyers
inner join opened_sharers
    on
        buyers.merchant_id = opened_sharers.merchant_id
        and buyers.user_id = opened_sharers.user_id
