-- A merchant's first event is the earliest accepted one of any type whose data names it.
with lines as (
    select * from {{ ref('int_lines_unioned') }}
),

first_seen as (
    select
        merchant_id,
        min(event_time) as first_event_at,
        min(event_date) as first_event_date
    from lines
    where
        fate = 'accepted'
        and merchant_id is not null
        and event_date <= {{ as_of() }}
    group by merchant_id
)

select * from first_seen
