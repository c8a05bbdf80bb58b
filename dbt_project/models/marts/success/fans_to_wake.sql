with products as (
    select
        orders.merchant_id,
        orders.user_id,
        coalesce(nullif(products.title, ''), orders.product_id) as last_product
    from {{ ref('int_product_orders_derived') }} as orders
    left join {{ ref('int_products_latest') }} as products
        on
            orders.merchant_id = products.merchant_id
            and orders.product_id = products.product_id
    qualify row_number() over (
        partition by orders.merchant_id, orders.user_id
        order by orders.paid_at desc, orders.sold_value desc, orders.product_id asc
    ) = 1
),

final as (
    select
        asleep.merchant_id,
        asleep.user_id,
        asleep.orders,
        {{ published_money('asleep.revenue') }} as revenue,
        asleep.last_order_date,
        products.last_product,
        lifetimes.expected_value_365d
    from {{ ref('int_fans_asleep_derived') }} as asleep
    inner join {{ ref('fan_contacts') }} as fans
        on
            asleep.merchant_id = fans.merchant_id
            and asleep.user_id = fans.user_id
            and fans.may_contact
    left join products
        on
            asleep.merchant_id = products.merchant_id
            and asleep.user_id = products.user_id
    left join {{ ref('lifetime_value') }} as lifetimes
        on
            asleep.merchant_id = lifetimes.merchant_id
            and asleep.user_id = lifetimes.user_id
    where asleep.asked_on = {{ as_of() }}
)

select * from final
order by merchant_id, user_id
