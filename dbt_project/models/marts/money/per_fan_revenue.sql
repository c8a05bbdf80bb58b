with measured as (
    select * from {{ ref('int_merchant_years_measured') }}
    where window_end = {{ as_of() }}
),

final as (
    select
        merchant_id,
        window_end as as_of,
        window_days,
        avg_fans,
        fans_end,
        window_fans,
        buying_fans,
        {{ published_money('direct_revenue') }} as direct_revenue,
        {{ published_money('assisted_revenue') }} as assisted_revenue,
        revenue_per_fan,
        revenue_per_fan - 1.959963984540054 * revenue_per_fan_se as revenue_per_fan_lo,
        revenue_per_fan + 1.959963984540054 * revenue_per_fan_se as revenue_per_fan_hi,
        revenue_per_fan_annualised,
        revenue_per_fan_p50,
        revenue_per_fan_p90,
        zero_revenue_fan_share
    from measured
)

select * from final
order by merchant_id
