-- Lengths of lives are Spark's; how they compare with the rest of their stratum, and what the groups do today, is added here.
with lifetimes as (
    select * from {{ ref('stg_group_survival__group_lifetimes') }}
),

curves as (
    select * from {{ ref('stg_group_survival__group_survival') }}
),

strata as (
    select * from {{ ref('int_group_strata_assigned') }}
),

-- The log-rank test (Mantel 1966): the deaths of each day as they would fall if they struck all at risk alike, with the
-- variance of the hypergeometric distribution.
days as (
    select
        curves.stratum,
        curves.value,
        curves.day,
        everybody.deaths * curves.at_risk / everybody.at_risk as expected,
        everybody.deaths * curves.at_risk / everybody.at_risk * (everybody.at_risk - curves.at_risk) / everybody.at_risk
        * (everybody.at_risk - everybody.deaths) / nullif(everybody.at_risk - 1, 0) as variance
    from curves
    inner join curves as everybody
        on
            curves.day = everybody.day
            and everybody.stratum = 'all'
),

tests as (
    select
        stratum,
        value,
        {{ exact_sum('expected') }} as deaths_expected,
        {{ exact_sum('variance') }} as variance
    from days
    group by stratum, value
),

active as (
    select group_id
    from {{ ref('int_group_active_spells') }}
    where {{ as_of() }} between active_from and active_to - 1
),

members as (
    select
        group_id,
        count(*) as members
    from {{ ref('int_group_members_present') }}
    group by group_id
),

revenues as (
    select
        group_id,
        sum(amount) as revenue
    from {{ ref('int_group_revenue_moved') }}
    where moved_date > {{ as_of() }} - 28
    group by group_id
),

today as (
    select
        strata.stratum,
        strata.value,
        count(active.group_id) as groups_active,
        cast(coalesce(sum(members.members), 0) as bigint) as memberships,
        coalesce(sum(revenues.revenue), 0) as group_revenue_28d
    from strata
    left join active
        on strata.group_id = active.group_id
    left join members
        on strata.group_id = members.group_id
    left join revenues
        on strata.group_id = revenues.group_id
    group by strata.stratum, strata.value
),

slopes as (
    select * from {{ ref('int_group_sizes_regressed') }}
),

compared as (
    select
        lifetimes.*,
        tests.deaths_expected,
        if(
            round(tests.variance, 9) > 0,
            pow(lifetimes.deaths - tests.deaths_expected, 2) / tests.variance,
            null
        ) as logrank_chi2,
        today.groups_active,
        today.memberships,
        today.group_revenue_28d,
        coalesce(slopes.elasticity_groups, 0) as elasticity_groups,
        slopes.size_elasticity,
        slopes.size_elasticity_error
    from lifetimes
    inner join tests
        on
            lifetimes.stratum = tests.stratum
            and lifetimes.value = tests.value
    inner join today
        on
            lifetimes.stratum = today.stratum
            and lifetimes.value = today.value
    left join slopes
        on
            lifetimes.stratum = slopes.stratum
            and lifetimes.value = slopes.value
),

final as (
    select
        stratum,
        stratum = 'all' as is_total,
        value,
        groups,
        deaths,
        median_days,
        rmst_90,
        naive_mean_days,
        deaths_expected,
        logrank_chi2,
        {{ chi_square_tail('logrank_chi2') }} as logrank_p,
        groups_active,
        {{ ratio('groups_active', 'groups') }} as active_rate,
        {{ wilson_lo('groups_active', 'groups') }} as active_rate_lo,
        {{ wilson_hi('groups_active', 'groups') }} as active_rate_hi,
        memberships,
        {{ published_money('group_revenue_28d') }} as group_revenue_28d,
        elasticity_groups,
        size_elasticity,
        size_elasticity - 1.959963984540054 * size_elasticity_error as size_elasticity_lo,
        size_elasticity + 1.959963984540054 * size_elasticity_error as size_elasticity_hi
    from compared
)

select * from final
order by stratum, value
