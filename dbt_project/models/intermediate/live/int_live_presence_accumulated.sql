-- How many people are present from each moment of a live at which somebody comes or goes, by its microseconds since the start;
-- and what is to be taken off present × x for the time that all viewers had spent there by x microseconds, until the next such
-- moment.
with visits as (
    select
        visits.live_id,
        date_diff('microsecond', lives.started_at, visits.joined_at) as joined,
        date_diff('microsecond', lives.started_at, visits.left_at) as gone
    from {{ ref('int_live_visits_derived') }} as visits
    inner join {{ ref('int_lives_bounded') }} as lives
        on visits.live_id = lives.live_id
),

moves as (
    select
        live_id,
        joined as moment,
        1 as change
    from visits
    union all by name
    select
        live_id,
        gone as moment,
        -1 as change
    from visits
),

changes as (
    select
        live_id,
        moment,
        sum(change) as change
    from moves
    group by live_id, moment
)

select
    live_id,
    moment,
    cast(sum(change) over (partition by live_id order by moment) as bigint) as present,
    sum(cast(change as hugeint) * moment) over (partition by live_id order by moment) as passed
from changes
