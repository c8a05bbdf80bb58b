with growth as (
    select *
    from {{ ref('growth_split') }}
    where
        is_complete
        and revenue_change is not null
    qualify row_number() over (partition by merchant_id order by month desc) = 1
),

retention as (
    select
        merchant_id,
        sum(cohort_size) as cohort_fans,
        sum(retained_on) as retained_fans
    from {{ ref('cohort_retention') }}
    where
        period = 1
        and is_complete
    group by merchant_id
),

teams as (
    select
        merchant_id,
        sum(closed) as teams_closed,
        sum(formed_organic) as teams_formed_organic
    from {{ ref('team_formation') }}
    group by merchant_id
),

spread as (
    select
        merchant_id,
        sum(shares) as shares,
        sum(opens) as opens,
        sum(revenue_led) as revenue_led
    from {{ ref('spreaders') }}
    group by merchant_id
),

stages as (
    select
        merchant_id,
        entered_on
    from {{ ref('merchant_stage_history') }}
    where left_on is null
),

years as (
    select
        merchant_id,
        sum(revenue) as revenue_365d
    from {{ ref('daily_merchant') }}
    where date > {{ as_of() }} - 365
    group by merchant_id
),

last_calls as (
    select
        merchant_id,
        called_on,
        result,
        next_on
    from {{ ref('success_calls') }}
    qualify row_number() over (partition by merchant_id order by called_at desc, next_on desc nulls last, manager asc) = 1
),

lists as (
    select
        merchant_id,
        on_list_since,
        off_list_reason,
        was_on_list and not is_on_list as is_off_list
    from {{ ref('worklist_history') }}
    where listed_on = {{ as_of() }}
),

overview as (
    select
        merchants.merchant_id,
        coalesce(merchants.name, merchants.merchant_id) as name,
        coalesce(merchants.account_manager, '') as manager,
        merchants.plan,
        coalesce(flags.stage, 'unknown') as stage,
        coalesce(flags.at_risk_since, stages.entered_on) as since,
        flags.churn_probability,
        coalesce(flags.is_churn_flagged, false) as is_churn_flagged,
        coalesce(flags.expected_loss, 0) as expected_loss,
        coalesce(flags.at_stake, 0) as at_stake,
        coalesce(flags.reasons, []) as reasons,
        flags.days_since_last_order,
        flags.days_since_last_login,
        cast(
            {{ as_of() }} - {{ business_date('coalesce(merchants.onboarded_at, merchants.first_event_at)') }} as integer
        ) as days_since_start,
        coalesce(flags.revenue_28d, 0) as revenue_28d,
        coalesce(flags.revenue_prev_28d, 0) as revenue_prev_28d,
        {{ published_money('coalesce(years.revenue_365d, 0)') }} as revenue_365d,
        coalesce(per_fan.fans_end, 0) as fans,
        per_fan.revenue_per_fan_annualised as revenue_per_fan,
        growth.month as growth_month,
        growth.month_start as growth_month_start,
        growth.revenue_change as month_change,
        growth.user_effect,
        growth.per_fan_effect,
        cast(coalesce(retention.cohort_fans, 0) as bigint) as cohort_fans,
        cast(coalesce(retention.retained_fans, 0) as bigint) as retained_fans,
        {{ ratio('retention.retained_fans', 'retention.cohort_fans') }} as retention,
        cast(coalesce(teams.teams_closed, 0) as bigint) as teams_closed,
        cast(coalesce(teams.teams_formed_organic, 0) as bigint) as teams_formed_organic,
        {{ ratio('teams.teams_formed_organic', 'teams.teams_closed') }} as formation_rate,
        cast(coalesce(spread.shares, 0) as bigint) as shares,
        cast(coalesce(spread.opens, 0) as bigint) as opens,
        {{ published_money('coalesce(spread.revenue_led, 0)') }} as revenue_led,
        flags.capacity,
        {{ is_held_out('merchants.merchant_id') }} as is_held_out,
        {{ snoozed_until(as_of()) }} as snoozed_until,
        {{ is_called_lately(as_of()) }} as is_called,
        lists.on_list_since,
        if(lists.is_off_list, {{ as_of() }}, null) as left_list_on,
        if(lists.is_off_list, lists.off_list_reason, null) as left_list_reason
    from {{ ref('merchants') }} as merchants
    left join {{ ref('merchant_churn_flags') }} as flags
        on merchants.merchant_id = flags.merchant_id
    left join {{ ref('per_fan_revenue') }} as per_fan
        on merchants.merchant_id = per_fan.merchant_id
    left join growth
        on merchants.merchant_id = growth.merchant_id
    left join retention
        on merchants.merchant_id = retention.merchant_id
    left join teams
        on merchants.merchant_id = teams.merchant_id
    left join spread
        on merchants.merchant_id = spread.merchant_id
    left join stages
        on merchants.merchant_id = stages.merchant_id
    left join years
        on merchants.merchant_id = years.merchant_id
    left join last_calls
        on merchants.merchant_id = last_calls.merchant_id
    left join lists
        on merchants.merchant_id = lists.merchant_id
),

judged as (
    select
        *,
        {{ has_left(as_of()) }} as has_left,
        {{ has_not_sold() }} as has_not_sold,
        {{ has_fallen() }} as has_fallen,
        (has_left or has_not_sold or is_churn_flagged or has_fallen)
        and not is_held_out and snoozed_until is null and not is_called as is_callable
    from overview
),

cut as (
    select
        *,
        is_callable
        and row_number() over (partition by is_callable {{ in_order_of_calls() }}) <= max(capacity) over () as is_on_list
    from judged
),

final as (
    select
        *,
        if(
            is_on_list,
            row_number() over (partition by manager, is_on_list {{ in_order_of_calls() }}),
            null
        ) as rank,
        if(is_on_list, cast({{ as_of() }} - coalesce(on_list_since, {{ as_of() }}) + 1 as integer), null) as days_on_list
    from cut
)

select
    merchant_id,
    name,
    manager,
    plan,
    rank,
    days_on_list,
    left_list_on,
    left_list_reason,
    snoozed_until,
    is_held_out,
    stage,
    since,
    churn_probability,
    is_churn_flagged,
    has_left,
    has_not_sold,
    has_fallen,
    at_stake,
    expected_loss,
    reasons,
    days_since_last_order,
    days_since_last_login,
    days_since_start,
    revenue_28d,
    revenue_prev_28d,
    revenue_365d,
    fans,
    revenue_per_fan,
    growth_month,
    growth_month_start,
    month_change,
    user_effect,
    per_fan_effect,
    cohort_fans,
    retained_fans,
    retention,
    teams_closed,
    teams_formed_organic,
    formation_rate,
    shares,
    opens,
    revenue_led
from final
order by merchant_id
