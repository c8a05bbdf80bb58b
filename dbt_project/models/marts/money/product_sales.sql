with orders as (
    select * from {{ ref('int_orders_deduplicated') }}
),

refunds as (
    select distinct
        merchant_id,
        order_id
    from {{ ref('int_refunds_deduplicated') }}
),

products as (
    select * from {{ ref('int_products_latest') }}
),

opened as (
    select
        merchant_id,
        order_id,
        {{ month_of('paid_date') }} as month,
        unnest(lines) as line
    from orders
),

lines as (
    select
        merchant_id,
        order_id,
        month,
        struct_extract(line, 'product_id') as product_id,
        struct_extract(line, 'quantity') as quantity,
        struct_extract(line, 'unit_price') as unit_price
    from opened
),

summed as (
    select
        lines.merchant_id,
        lines.product_id,
        lines.month,
        count(distinct lines.order_id) as orders,
        count(distinct refunds.order_id) as refunded_orders,
        sum(lines.quantity) as pieces,
        sum(lines.quantity * lines.unit_price) as sales
    from lines
    left join refunds
        on
            lines.merchant_id = refunds.merchant_id
            and lines.order_id = refunds.order_id
    group by lines.merchant_id, lines.product_id, lines.month
),

final as (
    select
        summed.merchant_id,
        summed.product_id,
        summed.month,
        cast(try_strptime(summed.month || '-01', '%Y-%m-%d') as date) as month_start,
        summed.orders,
        summed.refunded_orders,
        cast(summed.pieces as bigint) as pieces,
        {{ published_money('summed.sales') }} as sales,
        case when products.cost is not null then {{ published_money('summed.sales') }} end as sales_with_cost,
        {{ published_money('summed.sales - summed.pieces * products.cost') }} as margin
    from summed
    left join products
        on
            summed.merchant_id = products.merchant_id
            and summed.product_id = products.product_id
)

select * from final
order by merchant_id, product_id, month
