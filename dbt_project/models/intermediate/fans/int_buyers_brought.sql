-- Who brought whom to buy: the maker of the nearest share that is not the buyer's own, on the way of the first order to its
-- root, if that person's own first order was earlier, by up to 30 days.
with first_orders as (
    select
        merchant_id,
        user_id,
        paid_at,
        paid_date,
        via_share_id
    from {{ ref('int_orders_netted') }}
    where is_first_order
),

paths as (
    select * from {{ ref('int_share_paths_walked') }}
),

nearest as (
    select
        first_orders.merchant_id,
        first_orders.user_id,
        first_orders.paid_at,
        arg_min(paths.user_id, paths.step) as bringer_id
    from first_orders
    inner join paths
        on
            first_orders.merchant_id = paths.merchant_id
            and first_orders.via_share_id = paths.via_share_id
            and first_orders.user_id != paths.user_id
    group by first_orders.merchant_id, first_orders.user_id, first_orders.paid_at
)

select
    nearest.merchant_id,
    nearest.user_id,
    nearest.bringer_id,
    bringers.paid_date as bringer_first_order_date
from nearest
inner join first_orders as bringers
    on
        nearest.merchant_id = bringers.merchant_id
        and nearest.bringer_id = bringers.user_id
        and nearest.paid_at > bringers.paid_at
        and nearest.paid_at <= bringers.paid_at + interval 720 hours
