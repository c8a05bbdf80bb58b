-- One row an order and product: those of its lines; of an order without lines the product of its team, else of its share.
with orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

teams as (
    select * from {{ ref('int_teams_opened') }}
),

shares as (
    select * from {{ ref('int_product_shares_derived') }}
),

lines as (
    select
        merchant_id,
        order_id,
        unnest(lines) as bought_line
    from orders
),

bought as (
    select
        lines.merchant_id,
        lines.order_id,
        lines.bought_line.product_id,
        sum(lines.bought_line.quantity * lines.bought_line.unit_price) as sold_value
    from lines
    group by all
    union all by name
    select
        orders.merchant_id,
        orders.order_id,
        coalesce(teams.product_id, shares.product_id) as product_id,
        orders.amount as sold_value
    from orders
    left join teams
        on
            orders.merchant_id = teams.merchant_id
            and orders.team_id = teams.team_id
    left join shares
        on
            orders.merchant_id = shares.merchant_id
            and orders.via_share_id = shares.share_id
    where
        coalesce(len(orders.lines), 0) = 0
        and coalesce(teams.product_id, shares.product_id) is not null
)

select
    bought.merchant_id,
    bought.product_id,
    bought.order_id,
    orders.user_id,
    orders.paid_at,
    orders.paid_date,
    orders.via_share_id,
    bought.sold_value
from bought
inner join orders
    on
        bought.merchant_id = orders.merchant_id
        and bought.order_id = orders.order_id
