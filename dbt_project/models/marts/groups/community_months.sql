-- People are classed by their months, not their days: the four classes of active users add up, and so does the revenue of each.
{%- set month = "cast(date_trunc('month', {}) as date)" %}
with months as (
    select
        merchant_id,
        month,
        month_start,
        last_day(month_start) as month_end,
        least(last_day(month_start), {{ as_of() }}) as counted_to,
        last_day(month_start) <= {{ as_of() }} as is_over,
        is_complete,
        revenue,
        row_number() over (partition by merchant_id order by month_start) = 1 as is_first
    from {{ ref('growth_split') }}
),

days as (
    select
        *,
        {{ month.format('date') }} as month_start
    from {{ ref('community_days') }}
    where not is_total
),

month_days as (
    select
        merchant_id,
        month_start,
        sum(groups_alive) as group_days,
        sum(group_revenue) as group_revenue,
        arg_max(groups_alive, date) as groups_alive,
        arg_max(groups_active, date) as groups_active
    from days
    group by merchant_id, month_start
),

memberships as (
    select
        months.merchant_id,
        months.month_start,
        count(*) as memberships,
        count(distinct spells.user_id) as members
    from months
    inner join {{ ref('int_group_lives_dated') }} as lives
        on
            months.merchant_id = lives.merchant_id
            and months.counted_to >= lives.born_date
            and coalesce(months.counted_to < lives.died_date, true)
    inner join {{ ref('int_group_presence_spells') }} as spells
        on
            lives.group_id = spells.group_id
            and {{ business_date('spells.joined_at') }} <= months.counted_to
            and coalesce({{ business_date('spells.left_at') }} > months.counted_to, true)
    group by months.merchant_id, months.month_start
),

group_revenues as (
    select
        group_merchant_id as merchant_id,
        {{ month.format('moved_date') }} as month_start,
        group_id,
        sum(amount) as revenue
    from {{ ref('int_group_revenue_moved') }}
    where group_merchant_id is not null
    group by all
),

ranked_groups as (
    select
        merchant_id,
        month_start,
        row_number() over by_revenue as group_rank,
        2 * sum(revenue) over by_revenue >= sum(revenue) over (partition by merchant_id, month_start) as holds_half
    from group_revenues
    where revenue > 0
    window by_revenue as (
        partition by merchant_id, month_start order by revenue desc, group_id asc
        rows between unbounded preceding and current row
    )
),

halves as (
    select
        merchant_id,
        month_start,
        min(group_rank) as groups_for_half_revenue
    from ranked_groups
    where holds_half
    group by merchant_id, month_start
),

classed as (
    select * from {{ ref('int_active_months_counted') }}
),

users as (
    select
        merchant_id,
        month_start,
        count(*) as active_users,
        count(*) filter (where kind = 'new') as new_users,
        count(*) filter (where kind = 'retained') as retained_users,
        count(*) filter (where kind = 'resurrected') as resurrected_users
    from classed
    group by merchant_id, month_start
),

-- Of the month after.
before as (
    select
        merchant_id,
        cast(month_start + interval 1 month as date) as month_start,
        count(*) as users,
        count(*) filter (where is_lost) as lost_users
    from classed
    group by merchant_id, month_start
),

person_revenues as (
    select
        merchant_id,
        user_id,
        {{ month.format('moved_date') }} as month_start,
        sum(amount) as revenue
    from {{ ref('int_payments_and_refunds_unioned') }}
    group by all
),

revenues as (
    select
        moved.merchant_id,
        moved.month_start,
        sum(moved.revenue) filter (where classed.kind = 'new') as revenue_new,
        sum(moved.revenue) filter (where classed.kind = 'retained') as revenue_retained,
        sum(moved.revenue) filter (where classed.kind = 'resurrected') as revenue_resurrected,
        sum(moved.revenue) filter (where classed.kind is null) as revenue_other
    from person_revenues as moved
    left join classed
        on
            moved.merchant_id = classed.merchant_id
            and moved.user_id = classed.user_id
            and moved.month_start = classed.month_start
    group by moved.merchant_id, moved.month_start
),

co_churn as (
    select * from {{ ref('int_co_churn_measured') }}
),

starters as (
    select * from {{ ref('int_starters_followed') }}
),

shapes as (
    select * from {{ ref('int_growth_shaped') }}
),

joined as (
    select
        months.*,
        month_days.groups_alive,
        month_days.groups_active,
        coalesce(memberships.memberships, 0) as memberships,
        coalesce(memberships.members, 0) as members,
        month_days.group_revenue,
        month_days.group_days,
        halves.groups_for_half_revenue,
        coalesce(users.active_users, 0) as active_users,
        coalesce(users.new_users, 0) as new_users,
        coalesce(users.retained_users, 0) as retained_users,
        coalesce(users.resurrected_users, 0) as resurrected_users,
        coalesce(before.users, 0) as users_before,
        coalesce(before.lost_users, 0) as lost_users,
        coalesce(revenues.revenue_new, 0) as revenue_new,
        coalesce(revenues.revenue_retained, 0) as revenue_retained,
        coalesce(revenues.revenue_resurrected, 0) as revenue_resurrected,
        coalesce(revenues.revenue_other, 0) as revenue_other,
        months.is_over and not months.is_first as has_co_churn,
        co_churn.exposed,
        co_churn.exposed_lost,
        co_churn.unexposed,
        co_churn.unexposed_lost,
        co_churn.matched,
        co_churn.matched_error,
        starters.starters,
        starters.starters_observed,
        starters.accepted_30d,
        starters.k_factor,
        starters.cycle_days,
        shapes.peak_date,
        shapes.peak_users,
        shapes.peak_base,
        shapes.held_share,
        shapes.growth_shape
    from months
    inner join month_days
        on
            months.merchant_id = month_days.merchant_id
            and months.month_start = month_days.month_start
    {%- for part in ['memberships', 'halves', 'users', 'before', 'revenues', 'co_churn', 'starters', 'shapes'] %}
        left join {{ part }}
            on
                months.merchant_id = {{ part }}.merchant_id
                and months.month_start = {{ part }}.month_start
    {%- endfor %}
),

final as (
    select
        merchant_id,
        month,
        month_start,
        is_complete,
        groups_alive,
        groups_active,
        memberships,
        members,
        {{ published_money('group_revenue') }} as group_revenue,
        revenue,
        if(revenue > 0, {{ ratio('group_revenue', 'revenue') }}, null) as group_revenue_share,
        groups_for_half_revenue,
        cast(group_days as bigint) as group_days,
        {{ ratio('group_revenue', 'group_days') }} as revenue_per_group_day,
        active_users,
        new_users,
        retained_users,
        resurrected_users,
        if(is_over, lost_users, null) as lost_users,
        if(is_over, {{ ratio('retained_users', 'users_before') }}, null) as retention_rate,
        if(is_over, {{ wilson_lo('retained_users', 'users_before') }}, null) as retention_rate_lo,
        if(is_over, {{ wilson_hi('retained_users', 'users_before') }}, null) as retention_rate_hi,
        {{ published_money('revenue_new') }} as revenue_new,
        {{ published_money('revenue_retained') }} as revenue_retained,
        {{ published_money('revenue_resurrected') }} as revenue_resurrected,
        {{ published_money('revenue_other') }} as revenue_other,
        if(has_co_churn, coalesce(exposed, 0), null) as co_churn_exposed,
        if(has_co_churn, coalesce(exposed_lost, 0), null) as co_churn_exposed_lost,
        if(has_co_churn, coalesce(unexposed, 0), null) as co_churn_unexposed,
        if(has_co_churn, coalesce(unexposed_lost, 0), null) as co_churn_unexposed_lost,
        if(has_co_churn, matched, null) as co_churn_matched,
        if(has_co_churn, matched * exp(-1.959963984540054 * matched_error), null) as co_churn_matched_lo,
        if(has_co_churn, matched * exp(1.959963984540054 * matched_error), null) as co_churn_matched_hi,
        coalesce(starters, 0) as starters,
        coalesce(starters_observed, 0) as starters_observed,
        coalesce(accepted_30d, 0) as accepted_30d,
        k_factor,
        cycle_days,
        peak_date,
        peak_users,
        peak_base,
        held_share,
        growth_shape
    from joined
)

select * from final
order by merchant_id, month
