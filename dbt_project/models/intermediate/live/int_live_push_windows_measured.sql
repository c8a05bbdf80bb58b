-- The five minutes before each push and the five after: how long viewers were there in each, how they responded, and whether
-- something forbids to compare them.
with pushes as (
    select
        *,
        lag(moment) over (partition by target order by push_number) as previous_moment,
        lead(moment) over (partition by target order by push_number) as next_moment
    from {{ ref('int_live_pushes_numbered') }}
),

edges as (
    select
        live_id,
        target,
        push_number,
        unnest([-1, 0, 1]) as edge,
        moment + edge * {{ window_microseconds() }} as moment
    from pushes
),

watched as (
    select
        edges.live_id,
        edges.push_number,
        edges.edge,
        coalesce(presence.present * cast(edges.moment as hugeint) - presence.passed, 0) as watched
    from edges
    asof left join {{ ref('int_live_presence_accumulated') }} as presence
        on
            edges.live_id = presence.live_id
            and edges.moment >= presence.moment
),

audiences as (
    select
        live_id,
        push_number,
        cast(max(watched) filter (where edge = 0) - max(watched) filter (where edge = -1) as bigint) as watched_before,
        cast(max(watched) filter (where edge = 1) - max(watched) filter (where edge = 0) as bigint) as watched_after
    from watched
    group by live_id, push_number
),

-- how many responses there were by each moment of one
responses as (
    select
        target,
        response,
        moment,
        sum(count(*)) over (partition by target, response order by moment) as responses
    from {{ ref('int_live_responses_dated') }}
    group by target, response, moment
),

kinds as (
    select unnest(['clicks', 'orders']) as response
),

-- a response at an edge belongs to the window after it
responded as (
    select
        edges.live_id,
        edges.push_number,
        kinds.response,
        edges.edge,
        coalesce(responses.responses, 0) as responses
    from edges
    cross join kinds
    asof left join responses
        on
            edges.target = responses.target
            and kinds.response = responses.response
            and edges.moment > responses.moment
),

answers as (
    select
        live_id,
        push_number,
        response,
        cast(max(responses) filter (where edge = 0) - max(responses) filter (where edge = -1) as bigint) as before,
        cast(max(responses) filter (where edge = 1) - max(responses) filter (where edge = 0) as bigint) as after
    from responded
    group by live_id, push_number, response
)

select
    pushes.live_id,
    pushes.merchant_id,
    pushes.push_number,
    pushes.target,
    pushes.product_id,
    pushes.action,
    pushes.pushed_at,
    audiences.watched_before,
    audiences.watched_after,
    answers.response,
    answers.before,
    answers.after,
    case
        when
            pushes.moment < {{ window_microseconds() }} or pushes.moment + {{ window_microseconds() }} > pushes.span
            then 'edge'
        when
            pushes.previous_moment >= pushes.moment - 2 * {{ window_microseconds() }}
            or pushes.next_moment < pushes.moment + {{ window_microseconds() }}
            then 'overlap'
        when audiences.watched_before = 0 then 'no_audience'
    end as obstacle,
    {{ beyond_pace('answers.before', 'answers.after', 'audiences.watched_before', 'audiences.watched_after') }} as beyond
from pushes
inner join audiences
    on
        pushes.live_id = audiences.live_id
        and pushes.push_number = audiences.push_number
inner join answers
    on
        pushes.live_id = answers.live_id
        and pushes.push_number = answers.push_number
