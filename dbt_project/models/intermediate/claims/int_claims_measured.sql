-- One row a claim: our figure, its interval where there is one, and how many observations it rests on.
with shares_to_groups as (
    select
        'groups_share' as claim_id,
        sum(shares) filter (where channel = 'group') as hits,
        sum(shares) as observations
    from {{ ref('share_mix') }}
),

months_split as (
    select
        'revenue_outgrows_fans' as claim_id,
        count(*) filter (where per_fan_effect > 0) as hits,
        count(*) as observations
    from {{ ref('growth_split') }}
    where per_fan_effect is not null
),

outreach as (
    select
        'outreach_accepted' as claim_id,
        count(*) filter (where result = 'accepted') as hits,
        count(*) as observations
    from {{ ref('stg_shop__outreach_made') }}
),

-- The 90 days of whose groups none can turn out to have died on them.
group_days as (
    select
        sum(groups_born) as born,
        sum(groups_died) as died,
        sum(groups_alive + groups_died) as days
    from {{ ref('community_days') }}
    where is_total and is_final and date > {{ as_of() }} - 104
),

group_deaths as (
    select
        'group_deaths' as claim_id,
        died as hits,
        days as observations
    from group_days
),

small_groups as (
    select
        'group_members_share' as claim_id,
        count(*) filter (where members < 15) as hits,
        count(*) as observations
    from {{ ref('group_health') }}
    where is_active
),

counts as (
    select * from shares_to_groups
    union all by name
    select * from group_deaths
    union all by name
    select * from small_groups
    union all by name
    select * from months_split
    union all by name
    select * from outreach
),

rates as (
    select
        claim_id,
        {{ ratio('coalesce(hits, 0)', 'observations') }} as value,
        {{ wilson_lo('coalesce(hits, 0)', 'observations') }} as value_lo,
        {{ wilson_hi('coalesce(hits, 0)', 'observations') }} as value_hi,
        observations
    from counts
),

births as (
    select
        'group_births' as claim_id,
        {{ ratio('born', 'died') }} as value,
        if(died > 0, {{ wilson_lo('born', '(born + died)') }}, null) as share_lo,
        if(died > 0, {{ wilson_hi('born', '(born + died)') }}, null) as share_hi,
        share_lo / nullif(1 - share_lo, 0) as value_lo,
        share_hi / nullif(1 - share_hi, 0) as value_hi,
        died as observations
    from group_days
),

fans as (
    select
        any_value(survival_30d) filter (where value = 'tool') as tool,
        coalesce(any_value(survival_30d_lo) filter (where value = 'tool'), tool) as tool_lo,
        coalesce(any_value(survival_30d_hi) filter (where value = 'tool'), tool) as tool_hi,
        any_value(survival_30d) filter (where value = 'invited') as invited,
        coalesce(any_value(survival_30d_lo) filter (where value = 'invited'), invited) as invited_lo,
        coalesce(any_value(survival_30d_hi) filter (where value = 'invited'), invited) as invited_hi,
        min(fans) as observations
    from {{ ref('fan_survival') }}
    where merchant_id = 'all' and stratum = 'method' and value in ('tool', 'invited')
),

stays as (
    select
        'tool_fans_stay' as claim_id,
        tool - invited as value,
        {{ newcombe_lo('tool', 'tool_lo', 'invited', 'invited_hi') }} as value_lo,
        {{ newcombe_hi('tool', 'tool_hi', 'invited', 'invited_lo') }} as value_hi,
        observations
    from fans
),

concentration as (
    select
        'top_1pct_' || replace(metric, '_led', '') as claim_id,
        top_1pct_share as value,
        users as observations
    from {{ ref('spread_concentration') }}
    where merchant_id = 'all'
),

fan_years as (
    select
        'revenue_per_fan' as claim_id,
        {{ ratio('sum(direct_revenue)', 'sum(avg_fans * window_days order by merchant_id) / 365') }} as value,
        {{ ratio(
            'sqrt(sum(pow((revenue_per_fan_hi - revenue_per_fan_lo) / 2 * avg_fans, 2) order by merchant_id))',
            'sum(avg_fans * window_days order by merchant_id) / 365'
        ) }} as margin,
        value - margin as value_lo,
        value + margin as value_hi,
        sum(window_fans) as observations
    from {{ ref('per_fan_revenue') }}
    where direct_revenue is not null
),

trees as (
    select
        'orders_per_share' as claim_id,
        {{ ratio('sum(orders)', 'sum(shares)') }} as value,
        1.959963984540054 * sqrt(
            greatest(sum(orders * orders) - 2 * value * sum(orders * shares) + value * value * sum(shares * shares), 0)
            * count(*) / nullif(count(*) - 1, 0)
        ) / sum(shares) as margin,
        value - margin as value_lo,
        value + margin as value_hi,
        sum(shares) as observations
    from {{ ref('cascades') }}
),

sizes as (
    select
        'group_members' as claim_id,
        groups.members
    from {{ ref('chat_groups') }} as groups
    inner join {{ ref('int_group_active_spells') }} as spells
        on groups.group_id = spells.group_id
    where {{ as_of() }} >= spells.active_from and {{ as_of() }} < spells.active_to
    union all by name
    select
        'circle_members' as claim_id,
        members
    from {{ ref('circles') }}
    where members > 1
),

medians as (
    select
        claim_id,
        median(members) as value,
        list(members order by members)[{{ median_lo_rank('count(*)') }}] as value_lo,
        list(members order by members)[{{ median_hi_rank('count(*)') }}] as value_hi,
        count(*) as observations
    from sizes
    group by claim_id
),

survival_medians as (
    select
        stratum,
        value,
        min(day) filter (where survival_lo <= 0.5) as value_lo,
        min(day) filter (where survival_hi <= 0.5) as value_hi
    from {{ ref('group_survival') }}
    where stratum in ('all', 'driver')
    group by stratum, value
),

group_lives as (
    select * from {{ ref('group_lifetimes') }}
    where stratum = 'all'
),

measured_lives as (
    select
        'group_life_mean' as claim_id,
        naive_mean_days as value,
        deaths as observations
    from group_lives
    union all by name
    select
        'group_life_' || if(medians.stratum = 'all', 'median', medians.value) as claim_id,
        lifetimes.median_days as value,
        medians.value_lo,
        medians.value_hi,
        lifetimes.deaths as observations
    from {{ ref('group_lifetimes') }} as lifetimes
    inner join survival_medians as medians
        on
            lifetimes.stratum = medians.stratum
            and lifetimes.value = medians.value
    union all by name
    select
        'group_life_restricted' as claim_id,
        rmst_90 as value,
        deaths as observations
    from group_lives
),

measured as (
    select * from rates
    union all by name
    select * exclude (share_lo, share_hi) from births
    union all by name
    select * from stays
    union all by name
    select * from concentration
    union all by name
    select * exclude (margin) from fan_years
    union all by name
    select * exclude (margin) from trees
    union all by name
    select * from medians
    union all by name
    select * from measured_lives
)

select
    claim_id,
    value,
    value_lo,
    value_hi,
    observations
from measured
