-- The period in which each registration record held: from its event until the user's next one.
with registrations as (
    select * from {{ ref('stg_shop__user_registered') }}
),

periods as (
    select
        user_id,
        coalesce(region, 'unknown') as region,
        city_tier,
        event_time as valid_from,
        event_date as valid_from_date,
        lead(event_time) over in_order as valid_to,
        lead(event_date) over in_order as valid_to_date
    from registrations
    window in_order as (partition by user_id order by event_time, event_id, event_source)
)

select * from periods
