with shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

orders as (
    select
        merchant_id,
        via_share_id,
        count(*) as orders,
        sum(net) as net
    from {{ ref('int_orders_netted') }}
    group by merchant_id, via_share_id
),

final as (
    select
        shares.merchant_id,
        shares.group_id,
        count(*) as shares,
        count(distinct shares.user_id) as sharers,
        cast(coalesce(sum(orders.orders), 0) as bigint) as orders,
        {{ published_money('coalesce(sum(orders.net), 0)') }} as revenue
    from shares
    left join orders
        on
            shares.merchant_id = orders.merchant_id
            and shares.share_id = orders.via_share_id
    where shares.group_id is not null
    group by shares.merchant_id, shares.group_id
)

select * from final
order by merchant_id, group_id
