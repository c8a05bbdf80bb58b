with fans as (
    select * from {{ ref('int_fans_windowed') }}
    where window_end = {{ as_of() }}
),

supporting_fans as (
    select * from {{ ref('int_supporting_fans_identified') }}
),

touches as (
    select * from {{ ref('int_fans_first_touched') }}
),

reach as (
    select * from {{ ref('int_reach_centralised') }}
),

layers as (
    select
        fans.merchant_id,
        coalesce(touches.layer, 0) as layer,
        count(*) filter (where fans.is_window_fan) as fans,
        count(supporting_fans.user_id) as supporting_fans,
        {{ published_money('sum(fans.direct_revenue)') }} as direct_revenue,
        {{ published_money('sum(fans.assisted_revenue_linear)') }} as assisted_revenue
    from fans
    left join supporting_fans
        on
            fans.merchant_id = supporting_fans.merchant_id
            and fans.user_id = supporting_fans.user_id
    left join touches
        on
            fans.merchant_id = touches.merchant_id
            and fans.user_id = touches.user_id
    group by fans.merchant_id, coalesce(touches.layer, 0)
),

final as (
    select
        layers.merchant_id,
        layers.layer,
        layers.fans,
        layers.supporting_fans,
        layers.direct_revenue,
        layers.assisted_revenue,
        reach.reach_centralisation,
        reach.effective_centres
    from layers
    left join reach
        on layers.merchant_id = reach.merchant_id
)

select * from final
order by merchant_id, layer
