-- What a merchant had on each day (window_days 1) and in the 7 days that end on it, over all days that `diagnosis` looks at:
-- as_of, 27 days before, and what these are compared with, up to 84 days earlier. People are counted once a window.
with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

activities as (
    select * from {{ ref('int_activities_sequenced') }}
),

calendar as (
    select
        days.day,
        max_by(events.event, events.first_date) as event
    from (
        select cast(unnest(generate_series({{ as_of() }} - 117, {{ as_of() }}, interval 1 day)) as date) as day
    ) as days
    left join {{ ref('calendar_events') }} as events
        on days.day between events.first_date and events.last_date
    group by days.day
),

first_visits as (
    select
        merchant_id,
        min(active_date) as day
    from activities
    group by merchant_id, user_id
),

people_days as (
    select
        merchant_id,
        user_id,
        active_date,
        count(*) filter (where kind = 'order') as orders,
        sum(paid) as paid
    from activities
    where active_date >= {{ as_of() }} - 117
    group by merchant_id, user_id, active_date
),

visits as (
    select
        *,
        lead(active_date) over (partition by merchant_id, user_id order by active_date) as next_date
    from people_days
),

purchases as (
    select
        merchant_id,
        active_date,
        lead(active_date) over (partition by merchant_id, user_id order by active_date) as next_date
    from people_days
    where orders > 0
),

-- Somebody who comes on a day is in the windows that end on it and in the 6 days after, but only until the next visit, whose
-- windows have them already: one step up, one step down, and the running sum of steps is the number of people.
steps as (
    select
        merchant_id,
        active_date as day,
        count(*) as active_users,
        count(*) filter (where orders > 0) as buyers,
        sum(orders) as orders,
        sum(paid) as paid,
        count(*) as active_steps,
        count(*) filter (where orders > 0) as buyer_steps
    from visits
    group by merchant_id, active_date
    union all by name
    select
        merchant_id,
        day,
        count(*) as new_users
    from first_visits
    group by merchant_id, day
    union all by name
    select
        merchant_id,
        least(next_date, active_date + 7) as day,
        -count(*) as active_steps
    from visits
    group by merchant_id, least(next_date, active_date + 7)
    union all by name
    select
        merchant_id,
        least(next_date, active_date + 7) as day,
        -count(*) as buyer_steps
    from purchases
    group by merchant_id, least(next_date, active_date + 7)
),

counted as (
    select
        merchants.merchant_id,
        merchants.first_event_date,
        calendar.day,
        calendar.event,
        coalesce(sum(steps.active_users), 0) as active_users,
        coalesce(sum(steps.new_users), 0) as new_users,
        coalesce(sum(steps.buyers), 0) as buyers,
        coalesce(sum(steps.orders), 0) as orders,
        coalesce(sum(steps.paid), 0) as paid,
        coalesce(sum(steps.active_steps), 0) as active_steps,
        coalesce(sum(steps.buyer_steps), 0) as buyer_steps
    from merchants
    cross join calendar
    left join steps
        on
            merchants.merchant_id = steps.merchant_id
            and calendar.day = steps.day
    group by merchants.merchant_id, merchants.first_event_date, calendar.day, calendar.event
),

windows as (
    select
        merchant_id,
        first_event_date,
        day as date,
        1 as window_days,
        event as calendar_event,
        active_users,
        new_users,
        buyers,
        orders,
        paid
    from counted
    union all by name
    select
        merchant_id,
        first_event_date,
        day as date,
        7 as window_days,
        max_by(event, day) filter (where event is not null) over week as calendar_event,
        sum(active_steps) over so_far as active_users,
        sum(new_users) over week as new_users,
        sum(buyer_steps) over so_far as buyers,
        sum(orders) over week as orders,
        sum(paid) over week as paid
    from counted
    window
        week as (partition by merchant_id order by day rows between 6 preceding and current row),
        so_far as (partition by merchant_id order by day rows between unbounded preceding and current row)
)

select
    merchant_id,
    date,
    window_days,
    cast(date - first_event_date + 1 - window_days as integer) as days_since_first_event,
    calendar_event,
    cast(active_users as bigint) as active_users,
    cast(new_users as bigint) as new_users,
    cast(buyers as bigint) as buyers,
    cast(orders as bigint) as orders,
    paid
from windows
where
    date - window_days + 1 >= first_event_date
    and date >= {{ as_of() }} - 111
