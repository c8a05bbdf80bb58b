-- How likely a living chat group is to live 30 days more (landmark analysis; van Houwelingen 2007): of the groups that were
-- 44 days ago as long silent as this one is now, those that were heard in the last 14 days and are not dissolved. Fewer than
-- 10 are no measure: then the groups of all bands together.
{%- set landmark = as_of() ~ " - 44" %}
{%- set band = "case when {0} between 0 and 1 then 1 when {0} between 2 and 3 then 2 when {0} between 4 and 6 then 3 "
    ~ "when {0} between 7 and 13 then 4 end" %}
with groups as (
    select * from {{ ref('group_activity') }}
),

last_heard as (
    select
        group_id,
        max(posted_date) as last_message_date
    from {{ ref('int_group_messages_classified') }}
    where posted_date <= {{ landmark }}
    group by group_id
),

silent as (
    select
        groups.group_id,
        {{ landmark }} - coalesce(last_heard.last_message_date, groups.born_date) as silent_days,
        groups.dissolved_date is null and coalesce(groups.last_message_date > {{ as_of() }} - 14, false) as is_survivor
    from groups
    left join last_heard
        on groups.group_id = last_heard.group_id
    where
        groups.born_date <= {{ landmark }}
        and coalesce(groups.dissolved_date > {{ landmark }}, true)
),

bands as (
    select
        {{ band.format('silent_days') }} as band,
        count(*) as groups,
        count(*) filter (where is_survivor) as survivors
    from silent
    where silent_days <= 13
    group by all
),

together as (
    select
        sum(groups) as groups,
        sum(survivors) as survivors
    from bands
)

select
    groups.group_id,
    cast(if(coalesce(bands.groups, 0) >= 10, bands.groups, coalesce(together.groups, 0)) as bigint) as landmark_groups,
    cast(if(coalesce(bands.groups, 0) >= 10, bands.survivors, coalesce(together.survivors, 0)) as bigint) as landmark_survivors
from groups
cross join together
left join bands
    on {{ band.format('groups.silent_days') }} = bands.band
where groups.state <> 'dead'
