with regions as (
    select * from {{ ref('team_formation_by_region') }}
    where
        month = 'all'
        and quadrant is not null
),

medians as (
    select median(opens_per_1000_users) as median_opens
    from regions
),

candidates as (
    select
        region,
        count(*) as candidates
    from {{ ref('int_leader_candidates_ranked') }}
    group by region
),

final as (
    select
        regions.region,
        regions.formation_rate_shrunk,
        regions.registered_users,
        regions.opens_per_1000_users,
        medians.median_opens as median_opens_per_1000_users,
        medians.median_opens - regions.opens_per_1000_users as gap_opens_per_1000_users,
        coalesce(candidates.candidates, 0) as candidates
    from regions
    cross join medians
    left join candidates
        on regions.region = candidates.region
    where ends_with(regions.quadrant, 'high_rate')
)

select * from final
order by region
