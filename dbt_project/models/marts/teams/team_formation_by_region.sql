with regions as (
    select * from {{ ref('int_team_regions_counted') }}
),

shrunk as (
    select * from {{ ref('int_formation_rates_shrunk') }}
),

rates as (
    select
        regions.*,
        {{ ratio('regions.formed_organic', 'regions.closed') }} as formation_rate,
        {{ wilson_lo('regions.formed_organic', 'regions.closed') }} as formation_rate_lo,
        {{ wilson_hi('regions.formed_organic', 'regions.closed') }} as formation_rate_hi,
        shrunk.formation_rate_shrunk,
        {{ ratio('regions.formed_organic + regions.formed_auto_filled', 'regions.closed') }} as formation_rate_incl_auto_filled,
        {{ ratio('1000 * regions.opened', 'regions.registered_users') }} as opens_per_1000_users,
        regions.region != 'unknown' and regions.closed > 0 and regions.registered_users > 0 as has_quadrant
    from regions
    left join shrunk
        on
            regions.region = shrunk.region
            and regions.month = shrunk.month
),

medians as (
    select
        month,
        median(opens_per_1000_users) as median_opens,
        median(formation_rate_shrunk) as median_rate
    from rates
    where has_quadrant
    group by month
),

final as (
    select
        rates.region,
        rates.month,
        cast(try_strptime(rates.month || '-01', '%Y-%m-%d') as date) as month_start,
        rates.month = 'all' as is_total,
        rates.opened,
        rates.closed,
        rates.formed_organic,
        rates.formed_auto_filled,
        rates.failed,
        rates.open_at_as_of,
        rates.formation_rate,
        rates.formation_rate_lo,
        rates.formation_rate_hi,
        rates.formation_rate_shrunk,
        rates.formation_rate_incl_auto_filled,
        rates.registered_users,
        rates.opens_per_1000_users,
        case
            when rates.has_quadrant
                then
                    if(rates.opens_per_1000_users >= medians.median_opens, 'many_opens_', 'few_opens_')
                    || if(rates.formation_rate_shrunk >= medians.median_rate, 'high_rate', 'low_rate')
        end as quadrant
    from rates
    left join medians
        on rates.month = medians.month
)

select * from final
order by region, month
