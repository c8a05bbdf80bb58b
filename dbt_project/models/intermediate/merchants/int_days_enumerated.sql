-- Every business date from the platform's first event to as_of; the time spine of the semantic models.
with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

bounds as (
    select coalesce(min(first_event_date), {{ as_of() }}) as first_date
    from merchants
),

days as (
    select unnest(generate_series(first_date, {{ as_of() }}, interval 1 day)) as day_began_at
    from bounds
)

select cast(day_began_at as date) as date_day
from days
