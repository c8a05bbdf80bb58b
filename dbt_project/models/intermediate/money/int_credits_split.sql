-- Each payment and refund on its own, credited to the sharers on the path of its order.
with paths as (
    select * from {{ ref('int_share_paths_walked') }}
),

orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

movements as (
    select * from {{ ref('int_payments_and_refunds_unioned') }}
),

sharers as (
    select
        orders.merchant_id,
        orders.order_id,
        paths.via_shared_date,
        paths.step,
        paths.share_id,
        paths.user_id
    from orders
    inner join paths
        on
            orders.merchant_id = paths.merchant_id
            and orders.via_share_id = paths.via_share_id
    -- the buyer's own shares are left off the path unless nothing else remains
    qualify
        paths.user_id != orders.user_id
        or bool_and(paths.user_id = orders.user_id) over (partition by orders.merchant_id, orders.order_id)
),

placed as (
    select
        *,
        step = min(step) over path as is_last_touch,
        step = max(step) over path as is_first_touch,
        count(*) over path as sharers_on_path
    from sharers
    window path as (partition by merchant_id, order_id)
),

credited as (
    select
        placed.*,
        movements.movement,
        movements.movement_id,
        movements.paid_date,
        movements.moved_date,
        movements.amount,
        {{ to_cents('movements.amount') }} as cents,
        -- integer division truncates toward zero, for refunds too
        cents // placed.sharers_on_path as equal_cents
    from movements
    inner join placed
        on
            movements.merchant_id = placed.merchant_id
            and movements.order_id = placed.order_id
),

split as (
    select
        merchant_id,
        order_id,
        movement,
        movement_id,
        paid_date,
        moved_date,
        via_shared_date,
        step,
        share_id,
        user_id,
        cast(if(is_last_touch, amount, 0) as decimal(18, 2)) as last_touch,
        cast(if(is_first_touch, amount, 0) as decimal(18, 2)) as first_touch,
        {{ from_cents('if(is_first_touch, cents - equal_cents * (sharers_on_path - 1), equal_cents)') }} as linear
    from credited
)

select * from split
