-- What the clicks on a product that was pushed, and its orders, did beyond the pace per viewer at moments at which nothing was
-- pushed: whole minutes from the start of the live, written as their number. Most moments have no response at all, and their
-- value is 0: they are one row, counted by arithmetic on the stretches in which somebody is there, so that a live of days or
-- one with a wrong clock costs what happened in it. `placebos` counts moments, `even` and `odd` those in tens of minutes of
-- even and odd number.
with visits as (
    select
        visits.live_id,
        date_diff('microsecond', lives.started_at, visits.joined_at) as joined,
        date_diff('microsecond', lives.started_at, visits.left_at) as gone,
        date_diff('microsecond', lives.started_at, lives.ended_at) // {{ minute_microseconds() }} - 5 as last_minute
    from {{ ref('int_live_visits_derived') }} as visits
    inner join {{ ref('int_lives_bounded') }} as lives
        on visits.live_id = lives.live_id
    where visits.joined_at < visits.left_at
),

-- the moments before which a visit lasts some time of the five minutes
stretches as (
    select
        live_id,
        greatest(joined // {{ minute_microseconds() }} + 1, 5) as first_minute,
        least((gone - 1) // {{ minute_microseconds() }} + 5, last_minute) as last_minute
    from visits
),

separated as (
    select
        live_id,
        first_minute,
        last_minute,
        greatest(first_minute, 1 + coalesce(max(last_minute) over (
            partition by live_id
            order by first_minute, last_minute
            rows between unbounded preceding and 1 preceding
        ), 0)) as free_minute
    from stretches
    where first_minute <= last_minute
),

watched_minutes as (
    select
        live_id,
        sum(last_minute - free_minute + 1) as placebos,
        sum({{ even_minutes_to('last_minute') }} - {{ even_minutes_to('(free_minute - 1)') }}) as even
    from separated
    where free_minute <= last_minute
    group by live_id
),

pushes as (
    select * from {{ ref('int_live_pushes_numbered') }}
),

targets as (
    select distinct
        target,
        live_id,
        span // {{ minute_microseconds() }} - 5 as last_minute
    from pushes
),

-- a push less than ten minutes before or less than five after spoils a moment
spoilt as (
    select distinct
        target,
        live_id,
        unnest(range(
            greatest((moment - {{ window_microseconds() }}) // {{ minute_microseconds() }} + 1, 5),
            least(
                (moment + 2 * {{ window_microseconds() }}) // {{ minute_microseconds() }},
                span // {{ minute_microseconds() }} - 5
            ) + 1
        )) as minute
    from pushes
    where moment > -2 * {{ window_microseconds() }}
),

responding_minutes as (
    select
        target,
        live_id,
        response,
        moment // {{ minute_microseconds() }} as minute,
        count(*) as responses
    from {{ ref('int_live_responses_dated') }}
    where moment >= 0
    group by target, live_id, response, minute
),

-- a response is after the five moments up to the start of its minute, and before the next five
near as (
    select
        target,
        live_id,
        response,
        unnest(range(-4, 6)) as distance,
        minute + distance as minute,
        responses
    from responding_minutes
),

responding as (
    select
        near.target,
        near.live_id,
        near.response,
        near.minute,
        sum(if(near.distance > 0, near.responses, 0)) as before,
        sum(if(near.distance > 0, 0, near.responses)) as after
    from near
    inner join targets
        on
            near.target = targets.target
            and near.minute between 5 and targets.last_minute
    group by near.target, near.live_id, near.response, near.minute
),

minutes as (
    select
        live_id,
        minute
    from spoilt
    union distinct
    select
        live_id,
        minute
    from responding
),

edges as (
    select distinct
        live_id,
        minute + unnest([-5, 0, 5]) as minute
    from minutes
),

watched as (
    select
        edges.live_id,
        edges.minute,
        coalesce(
            presence.present * (cast(edges.minute as hugeint) * {{ minute_microseconds() }}) - presence.passed, 0
        ) as watched
    from edges
    asof left join {{ ref('int_live_presence_accumulated') }} as presence
        on
            edges.live_id = presence.live_id
            and edges.minute * {{ minute_microseconds() }} >= presence.moment
),

audiences as (
    select
        minutes.live_id,
        minutes.minute,
        minutes.minute // 10 % 2 = 0 as is_even,
        here.watched - earlier.watched as watched_before,
        later.watched - here.watched as watched_after
    from minutes
    inner join watched as earlier
        on
            minutes.live_id = earlier.live_id
            and minutes.minute - 5 = earlier.minute
    inner join watched as here
        on
            minutes.live_id = here.live_id
            and minutes.minute = here.minute
    inner join watched as later
        on
            minutes.live_id = later.live_id
            and minutes.minute + 5 = later.minute
    where here.watched > earlier.watched
),

spoilt_placebos as (
    select
        spoilt.target,
        count(*) as placebos,
        count(*) filter (where audiences.is_even) as even
    from spoilt
    inner join audiences
        on
            spoilt.live_id = audiences.live_id
            and spoilt.minute = audiences.minute
    group by spoilt.target
),

placebos as (
    select
        targets.target,
        coalesce(watched_minutes.placebos, 0) - coalesce(spoilt_placebos.placebos, 0) as placebos,
        coalesce(watched_minutes.even, 0) - coalesce(spoilt_placebos.even, 0) as even
    from targets
    left join watched_minutes
        on targets.live_id = watched_minutes.live_id
    left join spoilt_placebos
        on targets.target = spoilt_placebos.target
),

answered as (
    select
        responding.target,
        responding.response,
        {{ beyond_pace(
            'responding.before', 'responding.after', 'audiences.watched_before', 'audiences.watched_after'
        ) }} as beyond,
        count(*) as placebos,
        count(*) filter (where audiences.is_even) as even
    from responding
    inner join audiences
        on
            responding.live_id = audiences.live_id
            and responding.minute = audiences.minute
    anti join spoilt
        on
            responding.target = spoilt.target
            and responding.minute = spoilt.minute
    group by responding.target, responding.response, beyond
),

kinds as (
    select unnest(['clicks', 'orders']) as response
),

still as (
    select
        placebos.target,
        kinds.response,
        cast(0 as double) as beyond,
        placebos.placebos - coalesce(sum(answered.placebos), 0) as placebos,
        placebos.even - coalesce(sum(answered.even), 0) as even
    from placebos
    cross join kinds
    left join answered
        on
            placebos.target = answered.target
            and kinds.response = answered.response
    group by placebos.target, kinds.response, placebos.placebos, placebos.even
),

values_counted as (
    select * from answered
    union all by name
    select * from still
)

select
    target,
    response,
    beyond,
    cast(sum(placebos) as bigint) as placebos,
    cast(sum(even) as bigint) as even,
    cast(sum(placebos - even) as bigint) as odd
from values_counted
group by target, response, beyond
