-- A row is a payment or refund of an attributed order that has no credits, or whose credits in some scheme do not add up to it.
with credits as (
    select
        merchant_id,
        movement,
        movement_id,
        sum(last_touch) as last_touch,
        sum(first_touch) as first_touch,
        sum(linear) as linear
    from {{ ref('int_credits_split') }}
    group by merchant_id, movement, movement_id
),

attributed as (
    select movements.*
    from {{ ref('int_payments_and_refunds_unioned') }} as movements
    semi join {{ ref('stg_spread_graph__cascade_nodes') }} as nodes
        on
            movements.merchant_id = nodes.merchant_id
            and movements.via_share_id = nodes.share_id
)

select
    merchant_id,
    movement,
    movement_id,
    attributed.amount,
    credits.last_touch,
    credits.first_touch,
    credits.linear
from attributed
full outer join credits using (merchant_id, movement, movement_id)
where
    attributed.amount is distinct from credits.last_touch
    or attributed.amount is distinct from credits.first_touch
    or attributed.amount is distinct from credits.linear
