-- who could open teams, by the region that they are registered in
with registered as (
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

final as (
    select
        registered.region,
        spreaders.user_id,
        spreaders.influence_rank,
        spreaders.openers,
        row_number() over (
            partition by registered.region
            order by spreaders.influence_rank, spreaders.user_id
        ) as candidate_rank
    from registered
    inner join spreaders
        on registered.user_id = spreaders.user_id
    anti join leaders
        on registered.user_id = leaders.leader_id
    qualify candidate_rank <= 20
)

select * from final
