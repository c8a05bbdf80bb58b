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

registered as (
    select
        user_id,
        region
    from {{ ref('int_users_registered_periods') }}
    where valid_to is null
),

spreaders as (
    select * from {{ ref('platform_spreaders') }}
    where openers > 0
),

leaders as (
    select distinct leader_id
    from {{ ref('int_teams_opened') }}
    where opened_date > {{ as_of() }} - 90
),

candidates as (
    select
        registered.region,
        spreaders.user_id
    from registered
    inner join spreaders
        on registered.user_id = spreaders.user_id
    anti join leaders
        on registered.user_id = leaders.leader_id
    qualify row_number() over (partition by registered.region order by spreaders.influence_rank, spreaders.user_id) <= 20
),

listed as (
    select
        candidates.region,
        list(candidates.user_id order by spreaders.influence_rank, candidates.user_id) as candidate_leaders
    from candidates
    inner join spreaders
        on candidates.user_id = spreaders.user_id
    group by candidates.region
),

final as (
    select
        regions.region,
        regions.formation_rate_shrunk,
        regions.registered_users,
        regions.opens_per_1000_users,
        medians.median_opens as median_opens_per_1000_users,
        medians.median_opens - regions.opens_per_1000_users as gap_opens_per_1000_users,
        coalesce(listed.candidate_leaders, cast([] as varchar[])) as candidate_leaders
    from regions
    cross join medians
    left join listed
        on regions.region = listed.region
    where ends_with(regions.quadrant, 'high_rate')
)

select * from final
order by region
