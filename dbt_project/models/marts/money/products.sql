with products as (
    select * from {{ ref('int_products_latest') }}
),

final as (
    select
        merchant_id,
        product_id,
        title,
        category,
        list_price,
        cost,
        market_price,
        copy_text,
        listed_at
    from products
)

select * from final
order by merchant_id, product_id
