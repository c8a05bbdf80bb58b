with ends as (
    select * from {{ ref('int_merchant_years_measured') }}
    where window_end = last_day(window_end)
),

final as (
    select
        ends.merchant_id,
        ends.window_end as month_end,
        ends.window_days,
        ends.avg_fans,
        ends.fans_end,
        ends.window_fans,
        ends.buying_fans,
        {{ published_money('ends.direct_revenue') }} as direct_revenue,
        {{ published_money('ends.assisted_revenue') }} as assisted_revenue,
        ends.revenue_per_fan,
        ends.revenue_per_fan_annualised,
        ends.revenue_per_fan_p50,
        ends.revenue_per_fan_p90,
        ends.zero_revenue_fan_share,
        {{ ratio('100 * ends.avg_fans', 'year_before.avg_fans') }} as avg_fans_index_1y,
        {{ ratio('100 * ends.avg_fans', 'three_years_before.avg_fans') }} as avg_fans_index_3y,
        {{ ratio('100 * ends.direct_revenue', 'year_before.direct_revenue') }} as direct_revenue_index_1y,
        {{ ratio('100 * ends.direct_revenue', 'three_years_before.direct_revenue') }} as direct_revenue_index_3y,
        {{ ratio('100 * ends.revenue_per_fan', 'year_before.revenue_per_fan') }} as revenue_per_fan_index_1y,
        {{ ratio('100 * ends.revenue_per_fan', 'three_years_before.revenue_per_fan') }} as revenue_per_fan_index_3y
    from ends
    left join ends as year_before
        on
            ends.merchant_id = year_before.merchant_id
            and last_day(ends.window_end - interval 1 year) = year_before.window_end
    left join ends as three_years_before
        on
            ends.merchant_id = three_years_before.merchant_id
            and last_day(ends.window_end - interval 3 year) = three_years_before.window_end
)

select * from final
order by merchant_id, month_end
