with merchants as (
    select * from {{ ref('merchant_overview') }}
),

fans as (
    select
        merchant_id,
        max_by(fans, date) as fans
    from {{ ref('daily_merchant') }}
    where date <= {{ as_of() }} - 28
    group by merchant_id
),

per_fan as (
    select
        merchant_id,
        max_by(revenue_per_fan_annualised, month_end) as revenue_per_fan
    from {{ ref('per_fan_revenue_history') }}
    where month_end <= {{ as_of() }} - 28
    group by merchant_id
),

retention as (
    select
        merchant_id,
        sum(retained_on) as retained_fans,
        sum(cohort_size) as cohort_fans
    from {{ ref('cohort_retention') }}
    where
        period = 1
        and is_complete
        and cohort_month_start + interval 2 month <= {{ as_of() }} - 28 + 1
    group by merchant_id
),

teams as (
    select
        merchant_id,
        sum(formed_organic) as formed_organic,
        sum(closed) as closed
    from {{ ref('team_formation') }}
    where opened_date <= {{ as_of() }} - 28
    group by merchant_id
),

final as (
    select
        merchants.merchant_id,
        fans.fans as fans_prev_28d,
        per_fan.revenue_per_fan as revenue_per_fan_prev_28d,
        {{ ratio('retention.retained_fans', 'retention.cohort_fans') }} as retention_prev_28d,
        {{ ratio('teams.formed_organic', 'teams.closed') }} as formation_rate_prev_28d
    from merchants
    left join fans
        on merchants.merchant_id = fans.merchant_id
    left join per_fan
        on merchants.merchant_id = per_fan.merchant_id
    left join retention
        on merchants.merchant_id = retention.merchant_id
    left join teams
        on merchants.merchant_id = teams.merchant_id
)

select * from final
order by merchant_id
