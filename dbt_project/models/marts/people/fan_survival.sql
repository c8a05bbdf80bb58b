with fans as (
    select * from {{ ref('int_fans_followed') }}
),

strata as (
    select
        merchant_id,
        'all' as stratum,
        'all' as value,
        days as day,
        is_lost
    from fans
    union all
    select
        merchant_id,
        'method' as stratum,
        method as value,
        days as day,
        is_lost
    from fans
    union all
    -- the 30 days in which ties are counted are no part of what follows on them
    select
        merchant_id,
        'ties' as stratum,
        ties as value,
        days - 30 as day,
        is_lost
    from fans
    where days >= 30
),

everywhere as (
    select * from strata
    union all by name
    select * replace ('all' as merchant_id)
    from strata
),

leavers as (
    select
        merchant_id,
        stratum,
        value,
        day,
        count(*) as followed,
        count(*) filter (where is_lost) as lost
    from everywhere
    group by merchant_id, stratum, value, day
),

event_days as (
    select distinct
        merchant_id,
        stratum,
        day
    from leavers
),

groups as (
    select distinct
        merchant_id,
        stratum,
        value
    from leavers
),

-- every value has a row on the days of the others too, since the log-rank test asks who was at risk then
grid as (
    select
        groups.merchant_id,
        groups.stratum,
        groups.value,
        event_days.day
    from groups
    inner join event_days
        on
            groups.merchant_id = event_days.merchant_id
            and groups.stratum = event_days.stratum
),

at_risk as (
    select
        grid.*,
        coalesce(leavers.lost, 0) as lost,
        coalesce(sum(leavers.followed) over (
            partition by grid.merchant_id, grid.stratum, grid.value
            order by grid.day desc
        ), 0) as at_risk
    from grid
    left join leavers
        using (merchant_id, stratum, value, day)
),

pooled as (
    select
        *,
        sum(lost) over same_day as all_lost,
        sum(at_risk) over same_day as all_at_risk
    from at_risk
    window same_day as (partition by merchant_id, stratum, day)
),

days as (
    select
        *,
        product(if(at_risk > 0, 1 - lost / at_risk, 1)) over so_far as survival,
        sum(if(at_risk > lost, lost / (at_risk * (at_risk - lost)), 0)) over so_far as greenwood,
        all_lost * at_risk / all_at_risk as expected,
        if(
            all_at_risk > 1,
            all_lost * (at_risk / all_at_risk) * (1 - at_risk / all_at_risk) * (all_at_risk - all_lost) / (all_at_risk - 1),
            0
        ) as variance
    from pooled
    window so_far as (partition by merchant_id, stratum, value order by day)
),

curves as (
    select
        merchant_id,
        stratum,
        value,
        max(at_risk) as fans,
        sum(lost) as lost,
        max(day) filter (where at_risk > 0) as longest,
        min(survival) as survival_at_last,
        {%- for horizon in [30, 90] %}
            -- the least so far: DuckDB multiplies in another order for each day, which may raise the last digit
            coalesce(min(survival) filter (where day <= {{ horizon }}), 1) as survival_{{ horizon }},
            coalesce(arg_max(greenwood, day) filter (where day <= {{ horizon }}), 0) as greenwood_{{ horizon }},
        {%- endfor %}
        min(day) filter (where round(survival, 9) <= 0.5) as median_days,
        {{ exact_sum('expected') }} as lost_expected,
        {{ exact_sum('variance') }} as variance
    from days
    group by merchant_id, stratum, value
),

tested as (
    select
        *,
        {%- for horizon in [30, 90] %}
            if(longest >= {{ horizon }} or survival_at_last = 0, survival_{{ horizon }}, null) as survival_{{ horizon }}d,
            -- on the log-log scale, which knows no bounds where nobody or everybody was lost
            if(
                survival_{{ horizon }}d > 0 and survival_{{ horizon }}d < 1,
                1.959963984540054 * sqrt(greenwood_{{ horizon }}) / abs(ln(survival_{{ horizon }})),
                null
            ) as width_{{ horizon }},
        {%- endfor %}
        if(round(variance, 9) > 0, pow(lost - lost_expected, 2) / variance, null) as logrank_chi2
    from curves
),

final as (
    select
        merchant_id,
        stratum,
        merchant_id = 'all' or stratum = 'all' as is_total,
        value,
        cast(fans as bigint) as fans,
        cast(lost as bigint) as lost,
        {%- for horizon in [30, 90] %}
            survival_{{ horizon }}d,
            pow(survival_{{ horizon }}d, exp(width_{{ horizon }})) as survival_{{ horizon }}d_lo,
            pow(survival_{{ horizon }}d, exp(-width_{{ horizon }})) as survival_{{ horizon }}d_hi,
        {%- endfor %}
        cast(median_days as integer) as median_days,
        lost_expected,
        logrank_chi2,
        {{ chi_square_tail('logrank_chi2') }} as logrank_p
    from tested
)

select * from final
order by merchant_id, stratum, value
