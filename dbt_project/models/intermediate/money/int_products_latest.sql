-- One row a product of a merchant: its latest listing.
with listings as (
    select
        merchant_id,
        product_id,
        title,
        category,
        list_price,
        cost,
        market_price,
        copy_text,
        event_time as listed_at
    from {{ ref('stg_shop__product_listed') }}
    qualify row_number() over (
        partition by merchant_id, product_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
)

select * from listings
