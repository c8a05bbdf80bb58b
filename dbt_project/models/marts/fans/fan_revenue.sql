with people as (
    select * from {{ ref('int_fans_windowed') }}
    where window_end = {{ as_of() }}
),

first_orders as (
    select * from {{ ref('int_buyers_first_orders') }}
),

supporting_fans as (
    select * from {{ ref('int_supporting_fans_identified') }}
),

final as (
    select
        people.merchant_id,
        people.user_id,
        {{ as_of() }} as as_of,
        people.is_window_fan,
        people.is_fan_at_end,
        supporting_fans.user_id is not null as is_supporting_fan,
        people.orders,
        people.refunds,
        first_orders.first_order_at,
        {{ published_money('people.direct_revenue') }} as direct_revenue,
        {{ published_money('people.assisted_revenue_last_touch') }} as assisted_revenue_last_touch,
        {{ published_money('people.assisted_revenue_first_touch') }} as assisted_revenue_first_touch,
        {{ published_money('people.assisted_revenue_linear') }} as assisted_revenue_linear
    from people
    left join first_orders
        on
            people.merchant_id = first_orders.merchant_id
            and people.user_id = first_orders.user_id
    left join supporting_fans
        on
            people.merchant_id = supporting_fans.merchant_id
            and people.user_id = supporting_fans.user_id
)

select * from final
order by merchant_id, user_id
