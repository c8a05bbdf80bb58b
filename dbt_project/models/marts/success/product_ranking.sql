with sold as (
    select
        merchant_id,
        product_id,
        count(distinct order_id) as orders,
        count(distinct user_id) as buyers,
        count(distinct order_id) filter (where via_share_id is not null) as orders_via_shares,
        sum(sold_value) as sold_value
    from {{ ref('int_product_orders_derived') }}
    where paid_date > {{ as_of() }} - {{ var('product_days') }}
    group by merchant_id, product_id
),

spread as (
    select
        merchant_id,
        product_id,
        sum(shares) as shares,
        sum(opens) as opens,
        sum(pins) as pins
    from {{ ref('int_product_spread_counted') }}
    where date > {{ as_of() }} - {{ var('product_days') }}
    group by merchant_id, product_id
),

joined as (
    select
        coalesce(sold.merchant_id, spread.merchant_id) as merchant_id,
        coalesce(sold.product_id, spread.product_id) as product_id,
        coalesce(sold.orders, 0) as orders,
        coalesce(sold.buyers, 0) as buyers,
        coalesce(sold.sold_value, 0) as sold_value,
        coalesce(sold.orders_via_shares, 0) as orders_via_shares,
        coalesce(spread.shares, 0) as shares,
        coalesce(spread.opens, 0) as opens,
        coalesce(spread.pins, 0) as pins
    from sold
    full outer join spread
        on
            sold.merchant_id = spread.merchant_id
            and sold.product_id = spread.product_id
),

final as (
    select
        joined.merchant_id,
        joined.product_id,
        coalesce(nullif(products.title, ''), joined.product_id) as title,
        row_number() over (
            partition by joined.merchant_id
            order by joined.sold_value desc, joined.orders desc, joined.opens desc, joined.shares desc, joined.product_id asc
        ) as rank,
        joined.orders,
        joined.buyers,
        {{ published_money('joined.sold_value') }} as sold_value,
        joined.orders_via_shares,
        cast(joined.shares as bigint) as shares,
        cast(joined.opens as bigint) as opens,
        cast(joined.pins as bigint) as pins
    from joined
    left join {{ ref('int_products_latest') }} as products
        on
            joined.merchant_id = products.merchant_id
            and joined.product_id = products.product_id
)

select * from final
order by merchant_id, rank
