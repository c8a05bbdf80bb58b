-- region × month of opening, and `all` months, where teams opened.
with teams as (
    select * from {{ ref('int_teams_resolved') }}
),

registrations as (
    select * from {{ ref('int_users_registered_periods') }}
),

counted as (
    select
        region,
        coalesce({{ month_of('opened_date') }}, 'all') as month,
        last_day(max(opened_date)) as month_end,
        {{ count_team_states() }}
    from teams
    group by grouping sets ((region, {{ month_of('opened_date') }}), (region))
),

registered as (
    select
        counted.region,
        counted.month,
        count(*) as registered_users
    from counted
    inner join registrations
        on
            counted.region = registrations.region
            and registrations.valid_from_date <= if(counted.month = 'all', {{ as_of() }}, counted.month_end)
            and (
                registrations.valid_to_date is null
                or registrations.valid_to_date > if(counted.month = 'all', {{ as_of() }}, counted.month_end)
            )
    group by counted.region, counted.month
),

regions as (
    select
        counted.* exclude (month_end),
        coalesce(registered.registered_users, 0) as registered_users
    from counted
    left join registered
        on
            counted.region = registered.region
            and counted.month = registered.month
)

select * from regions
