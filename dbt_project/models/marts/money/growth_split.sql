with windows as (
    select * from {{ ref('int_windows_enumerated') }}
    where kind = 'month'
),

merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

spells as (
    select * from {{ ref('int_fan_spells_derived') }}
),

movements as (
    select * from {{ ref('int_payments_and_refunds_unioned') }}
),

fan_days as (
    select
        windows.merchant_id,
        windows.window_end,
        sum(
            {{ fan_days('spells.started_date', 'spells.ended_date', 'windows.window_start', 'windows.window_end') }}
        ) as fan_days
    from windows
    inner join spells
        on
            windows.merchant_id = spells.merchant_id
            and windows.window_end >= spells.started_date
            and (spells.ended_date is null or windows.window_start < spells.ended_date)
    group by windows.merchant_id, windows.window_end
),

revenue as (
    select
        merchant_id,
        date_trunc('month', moved_date) as month_start,
        sum(amount) as revenue
    from movements
    group by merchant_id, month_start
),

months as (
    select
        windows.merchant_id,
        date_trunc('month', windows.window_start) as month_start,
        coalesce(revenue.revenue, 0) as revenue,
        coalesce(fan_days.fan_days, 0) / windows.window_days as avg_fans,
        {{ ratio('coalesce(revenue.revenue, 0)', 'avg_fans') }} as revenue_per_fan,
        merchants.first_event_date <= date_trunc('month', windows.window_start)
        and last_day(windows.window_start) <= {{ as_of() }} as is_complete
    from windows
    inner join merchants
        on windows.merchant_id = merchants.merchant_id
    left join fan_days
        on
            windows.merchant_id = fan_days.merchant_id
            and windows.window_end = fan_days.window_end
    left join revenue
        on
            windows.merchant_id = revenue.merchant_id
            and date_trunc('month', windows.window_start) = revenue.month_start
),

changes as (
    select
        *,
        lag(revenue) over by_month as revenue_before,
        lag(avg_fans) over by_month as avg_fans_before,
        revenue - revenue_before as revenue_change,
        is_complete and lag(is_complete) over by_month
        and least(revenue, revenue_before, avg_fans, avg_fans_before) > 0 as can_be_split
    from months
    window by_month as (partition by merchant_id order by month_start)
),

effects as (
    select
        *,
        case
            when not can_be_split then null
            when revenue = revenue_before then cast(revenue as double)
            else cast(revenue_change as double) / ln(cast(revenue as double) / cast(revenue_before as double))
        end as logarithmic_mean,
        case when can_be_split then ln(avg_fans / avg_fans_before) end as log_growth_of_fans
    from changes
),

split as (
    select
        *,
        cast(round(logarithmic_mean * log_growth_of_fans, 2) as decimal(38, 2)) as user_effect,
        revenue_change - user_effect as per_fan_effect,
        -- both effects or neither: they add up to the change that they split
        {{ fits_the_marts('greatest(abs(revenue_change), abs(user_effect), abs(per_fan_effect))') }} as is_split_whole
    from effects
),

final as (
    select
        merchant_id,
        {{ month_of('month_start') }} as month,
        cast(month_start as date) as month_start,
        {{ published_money('revenue') }} as revenue,
        avg_fans,
        revenue_per_fan,
        is_complete,
        {{ published_money('revenue_change') }} as revenue_change,
        {{ published_money('if(is_split_whole, user_effect, null)') }} as user_effect,
        {{ published_money('if(is_split_whole, per_fan_effect, null)') }} as per_fan_effect
    from split
)

select * from final
order by merchant_id, month
