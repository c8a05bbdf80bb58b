-- One row a merchant and trailing year: what a fan is worth.
with windows as (
    select * from {{ ref('int_windows_enumerated') }}
    where kind = 'year'
),

people as (
    select
        *,
        cast(direct_revenue * 100 as hugeint) as cents,
        -- in two parts, so that sums of their squares fit 128 bits however large the amounts are
        cents // 1000000000 as high_cents,
        cents % 1000000000 as low_cents
    from {{ ref('int_fans_windowed') }}
),

totals as (
    select
        merchant_id,
        window_end,
        count(*) as people,
        sum(fan_days) as fan_days,
        -- sums of squares in whole cents and days are exact, so the order of rows does not matter
        sum(fan_days * fan_days) as fan_days_squared,
        sum(fan_days * cents) as fan_days_by_cents,
        sum(high_cents * high_cents) * 1e18 + 2e9 * sum(high_cents * low_cents) + sum(low_cents * low_cents) as cents_squared,
        count(*) filter (where is_fan_at_end) as fans_end,
        count(*) filter (where is_window_fan) as window_fans,
        count(*) filter (where is_window_fan and orders > 0) as buying_fans,
        sum(direct_revenue) as direct_revenue,
        sum(assisted_revenue_linear) as assisted_revenue,
        quantile_cont(cast(direct_revenue as double), 0.5) filter (where is_window_fan) as revenue_per_fan_p50,
        quantile_cont(cast(direct_revenue as double), 0.9) filter (where is_window_fan) as revenue_per_fan_p90
    from people
    group by merchant_id, window_end
),

measured as (
    select
        windows.merchant_id,
        windows.window_end,
        windows.window_days,
        coalesce(totals.fan_days, 0) / windows.window_days as avg_fans,
        coalesce(totals.fans_end, 0) as fans_end,
        coalesce(totals.window_fans, 0) as window_fans,
        coalesce(totals.buying_fans, 0) as buying_fans,
        coalesce(totals.direct_revenue, 0) as direct_revenue,
        coalesce(totals.assisted_revenue, 0) as assisted_revenue,
        {{ ratio('totals.direct_revenue', 'avg_fans') }} as revenue_per_fan,
        revenue_per_fan * 365 / windows.window_days as revenue_per_fan_annualised,
        -- delta method for a ratio of sums over people (Cochran 1977, 6.3): residual = revenue - revenue_per_fan * own average
        sqrt(
            greatest(
                totals.cents_squared / 1e4
                - 2 * revenue_per_fan * totals.fan_days_by_cents / 1e2 / windows.window_days
                + revenue_per_fan * revenue_per_fan * totals.fan_days_squared / (windows.window_days * windows.window_days),
                0
            ) * totals.people / nullif(totals.people - 1, 0)
        ) / nullif(avg_fans, 0) as revenue_per_fan_se,
        totals.revenue_per_fan_p50,
        totals.revenue_per_fan_p90,
        {{ ratio('totals.window_fans - totals.buying_fans', 'totals.window_fans') }} as zero_revenue_fan_share
    from windows
    left join totals
        on
            windows.merchant_id = totals.merchant_id
            and windows.window_end = totals.window_end
)

select * from measured
