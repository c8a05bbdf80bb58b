-- region × month of opening, and `all` months together; only where teams opened.
with teams as (
    select * from {{ ref('int_teams_resolved') }}
),

registrations as (
    select * from {{ ref('int_users_registered_periods') }}
),

-- each team counts in its month and in `all`
months as (
    select
        region,
        unnest([{{ month_of('opened_date') }}, 'all']) as month,
        unnest([last_day(opened_date), {{ as_of() }}]) as month_end,
        state
    from teams
),

counted as (
    select
        region,
        month,
        month_end,
        {{ count_team_states() }}
    from months
    group by region, month, month_end
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
            and counted.month_end >= registrations.valid_from_date
            and (registrations.valid_to_date is null or counted.month_end < registrations.valid_to_date)
    group by counted.region, counted.month
),

regions as (
    select
        counted.*,
        coalesce(registered.registered_users, 0) as registered_users
    from counted
    left join registered
        on
            counted.region = registered.region
            and counted.month = registered.month
)

select * from regions
