-- The windows over which fans and revenue are measured: each calendar month (`month`), and the 365 days that end at as_of or
-- at an earlier end of a month (`year`). All are clipped to the time from the merchant's first event to as_of.
with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

months as (
    select
        merchant_id,
        first_event_date,
        unnest(generate_series(date_trunc('month', first_event_date), {{ as_of() }}, interval 1 month)) as month_began_at,
        cast(month_began_at as date) as month_start
    from merchants
),

ends as (
    select
        merchant_id,
        first_event_date,
        last_day(month_start) as window_end
    from months
    where last_day(month_start) <= {{ as_of() }}
    union distinct
    select
        merchant_id,
        first_event_date,
        {{ as_of() }} as window_end
    from merchants
),

windows as (
    select
        merchant_id,
        'month' as kind,
        greatest(month_start, first_event_date) as window_start,
        least(last_day(month_start), {{ as_of() }}) as window_end
    from months
    union all by name
    select
        merchant_id,
        'year' as kind,
        greatest(window_end - 364, first_event_date) as window_start,
        window_end
    from ends
)

select
    merchant_id,
    kind,
    window_start,
    window_end,
    window_end - window_start + 1 as window_days
from windows
