-- A row is a region × month whose teams are not those of team_formation, or whose months do not add up to all.
with teams as (
    select
        region,
        unnest([{{ month_of('opened_date') }}, 'all']) as month,
        opened,
        formed_organic,
        formed_auto_filled,
        failed,
        open_at_as_of
    from {{ ref('team_formation') }}
),

summed as (
    select
        region,
        month,
        sum(opened) as opened,
        sum(formed_organic) as formed_organic,
        sum(formed_auto_filled) as formed_auto_filled,
        sum(failed) as failed,
        sum(open_at_as_of) as open_at_as_of
    from teams
    group by region, month
),

regions as (
    select * from {{ ref('team_formation_by_region') }}
)

select
    region,
    month,
    regions.opened,
    summed.opened as of_teams
from regions
full outer join summed using (region, month)
where
    regions.opened is distinct from summed.opened
    or regions.formed_organic is distinct from summed.formed_organic
    or regions.formed_auto_filled is distinct from summed.formed_auto_filled
    or regions.failed is distinct from summed.failed
    or regions.open_at_as_of is distinct from summed.open_at_as_of
