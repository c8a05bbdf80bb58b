-- What a person's behaviour counts for rules, by the date on which it counts. A session that goes on on a later date counts
-- there, with all that was viewed by then: until then it counts on the date before (`replaced_date`).
with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

visits as (
    select
        lives.merchant_id,
        visits.user_id,
        {{ business_date('visits.joined_at') }} as units_date,
        date_diff('microsecond', visits.joined_at, visits.left_at) as microseconds
    from {{ ref('int_live_visits_derived') }} as visits
    inner join lives
        on visits.live_id = lives.live_id
),

watched as (
    select
        merchant_id,
        user_id,
        units_date,
        sum(microseconds) / 6e7 as units
    from visits
    group by merchant_id, user_id, units_date
),

-- A view without a session belongs to the others of its date.
objects as (
    select
        merchant_id,
        user_id,
        session_id,
        if(session_id is null, event_date, null) as session_date,
        object_type,
        object_id,
        min(event_date) as first_date,
        list_distinct(list(event_date)) as dates
    from {{ ref('stg_shop__page_viewed') }}
    group by all
),

session_dates as (
    select
        merchant_id,
        user_id,
        session_id,
        session_date,
        unnest(dates) as units_date,
        units_date = first_date as is_first
    from objects
),

sessions as (
    select
        merchant_id,
        user_id,
        session_id,
        session_date,
        units_date,
        count(*) filter (where is_first) as new_objects
    from session_dates
    group by all
),

deepened as (
    select
        merchant_id,
        user_id,
        units_date,
        sum(new_objects) over until_then as units,
        lead(units_date) over until_then as replaced_date
    from sessions
    window until_then as (partition by merchant_id, user_id, session_id, session_date order by units_date)
),

logins as (
    select
        merchant_id,
        user_id,
        units_date
    from watched
    union
    select
        merchant_id,
        user_id,
        units_date
    from deepened
)

select
    merchant_id,
    user_id,
    'watch' as attribute,
    units_date,
    cast(null as date) as replaced_date,
    units
from watched
union all by name
select
    merchant_id,
    user_id,
    'depth' as attribute,
    units_date,
    replaced_date,
    cast(sum(units) as double) as units
from deepened
group by merchant_id, user_id, units_date, replaced_date
union all by name
select
    merchant_id,
    user_id,
    'login' as attribute,
    units_date,
    null as replaced_date,
    1.0 as units
from logins
