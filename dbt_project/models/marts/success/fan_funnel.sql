with fans as (
    select
        merchant_id,
        orders,
        is_supporting_fan
    from {{ ref('fan_revenue') }}
    where is_window_fan
),

final as (
    select
        merchant_id,
        count(*) as window_fans,
        count(*) filter (where orders > 0) as buying_fans,
        count(*) filter (where orders > 1) as repeat_fans,
        count(*) filter (where orders > 1 and is_supporting_fan) as repeat_supporting_fans,
        count(*) filter (where is_supporting_fan) as supporting_fans
    from fans
    group by merchant_id
)

select * from final
order by merchant_id
