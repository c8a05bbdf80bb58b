-- One row a live stream, from its earliest start to its earliest end. A live without an end ends at its last event, one
-- without a start begins at its first; replay is no event of the live.
with starts as (
    select *
    from {{ ref('stg_stream__live_started') }}
    qualify row_number() over (partition by live_id order by event_time, event_id, event_source) = 1
),

ends as (
    select *
    from {{ ref('stg_stream__live_ended') }}
    qualify row_number() over (partition by live_id order by event_time, event_id, event_source) = 1
),

events as (
    select
        live_id,
        event_time
    from {{ ref('stg_stream__live_started') }}
    union all by name
    select
        live_id,
        event_time
    from {{ ref('stg_stream__live_ended') }}
    union all by name
    select
        live_id,
        event_time
    from {{ ref('stg_stream__viewer_joined') }}
    where is_replay is not true
    union all by name
    select
        live_id,
        event_time
    from {{ ref('stg_stream__viewer_left') }}
    where is_replay is not true
    union all by name
    select
        live_id,
        event_time
    from {{ ref('stg_stream__interaction') }}
    union all by name
    select
        live_id,
        event_time
    from {{ ref('stg_stream__product_pushed') }}
),

spans as (
    select
        live_id,
        min(event_time) as first_event_at,
        max(event_time) as last_event_at
    from events
    group by live_id
),

bounded as (
    select
        spans.live_id,
        coalesce(starts.merchant_id, ends.merchant_id) as merchant_id,
        coalesce(starts.host_id, ends.host_id) as host_id,
        coalesce(starts.title, ends.title) as title,
        coalesce(starts.event_time, spans.first_event_at) as started_at,
        greatest(coalesce(ends.event_time, spans.last_event_at), coalesce(starts.event_time, spans.first_event_at)) as ended_at,
        ends.live_id is not null as has_end
    from spans
    left join starts
        on spans.live_id = starts.live_id
    left join ends
        on spans.live_id = ends.live_id
    -- a live that neither start nor end names has no merchant to count for
    where coalesce(starts.merchant_id, ends.merchant_id) is not null
)

select * from bounded
