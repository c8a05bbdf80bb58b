with first_seen as (
    select
        merchant_id,
        first_event_date
    from {{ ref('int_merchants_first_seen') }}
),

scopes as (
    select
        merchant_id,
        first_event_date
    from first_seen
    union all by name
    select
        'all' as merchant_id,
        min(first_event_date) as first_event_date
    from first_seen
    having count(*) > 0
),

days as (
    select
        scopes.merchant_id,
        scopes.first_event_date,
        enumerated.date_day as date
    from scopes
    inner join {{ ref('int_days_enumerated') }} as enumerated
        on scopes.first_event_date <= enumerated.date_day
),

lives as (
    select * from {{ ref('int_group_lives_dated') }}
),

spells as (
    select * from {{ ref('int_group_active_spells') }}
),

people as (
    select
        merchant_id,
        dates
    from {{ ref('int_active_people_dated') }}
    union all by name
    select
        'all' as merchant_id,
        list_sort(list_distinct(flatten(list(dates)))) as dates
    from {{ ref('int_active_people_dated') }}
    group by user_id
),

active_days as (
    select
        merchant_id,
        unnest(dates) as date,
        unnest(dates[2:]) as next_date
    from people
),

people_days as (
    select
        merchant_id,
        date,
        next_date,
        count(*) as people
    from active_days
    group by all
),

-- A person is active in the last n days from a date to n days after it, or to the next: each day is looked at once, not once
-- for each window that holds it.
person_changes as (
    select
        merchant_id,
        date,
        people as active_users,
        people as active_users_7d,
        people as active_users_30d
    from people_days
    union all by name
    select
        merchant_id,
        least(date + 7, next_date) as date,
        -people as active_users_7d
    from people_days
    union all by name
    select
        merchant_id,
        least(date + 30, next_date) as date,
        -people as active_users_30d
    from people_days
),

group_changes as (
    select
        merchant_id,
        born_date as date,
        1 as groups_born
    from lives
    union all by name
    select
        merchant_id,
        died_date as date,
        1 as groups_died
    from lives
    where died_date is not null
    union all by name
    select
        merchant_id,
        active_from as date,
        1 as groups_active
    from spells
    union all by name
    select
        merchant_id,
        active_to as date,
        -1 as groups_active
    from spells
    union all by name
    select
        group_merchant_id as merchant_id,
        moved_date as date,
        if(movement = 'payment', 1, 0) as group_orders,
        amount as group_revenue
    from {{ ref('int_group_revenue_moved') }}
),

changes as (
    select * from person_changes
    union all by name
    select * from group_changes
    where merchant_id is not null
    union all by name
    select * replace ('all' as merchant_id)
    from group_changes
),

-- What happened before the first date of a merchant stands on that date, for the levels that are summed up.
change_days as (
    select
        scopes.merchant_id,
        greatest(changes.date, scopes.first_event_date) as date,
        sum(changes.active_users) filter (where changes.date >= scopes.first_event_date) as active_users,
        sum(changes.active_users_7d) as active_users_7d,
        sum(changes.active_users_30d) as active_users_30d,
        sum(changes.groups_born) filter (where changes.date >= scopes.first_event_date) as groups_born,
        sum(changes.groups_died) filter (where changes.date >= scopes.first_event_date) as groups_died,
        sum(coalesce(changes.groups_born, 0) - coalesce(changes.groups_died, 0)) as groups_alive,
        sum(changes.groups_active) as groups_active,
        sum(changes.group_orders) as group_orders,
        sum(changes.group_revenue) as group_revenue
    from changes
    inner join scopes
        on changes.merchant_id = scopes.merchant_id
    group by all
),

counted as (
    select
        days.merchant_id,
        days.date,
        days.first_event_date,
        cast(coalesce(change_days.groups_born, 0) as bigint) as groups_born,
        cast(coalesce(change_days.groups_died, 0) as bigint) as groups_died,
        cast(coalesce(sum(change_days.groups_alive) over so_far, 0) as bigint) as groups_alive,
        cast(coalesce(sum(change_days.groups_active) over so_far, 0) as bigint) as groups_active,
        cast(coalesce(change_days.group_orders, 0) as bigint) as group_orders,
        coalesce(change_days.group_revenue, 0) as group_revenue,
        cast(coalesce(change_days.active_users, 0) as bigint) as active_users,
        cast(coalesce(sum(change_days.active_users_7d) over so_far, 0) as bigint) as active_users_7d,
        cast(coalesce(sum(change_days.active_users_30d) over so_far, 0) as bigint) as active_users_30d
    from days
    left join change_days
        on
            days.merchant_id = change_days.merchant_id
            and days.date = change_days.date
    window so_far as (partition by days.merchant_id order by days.date)
),

baselines as (
    select
        *,
        max(cast(group_revenue as double)) over before as before_max,
        if(count(*) over before >= 14, median(cast(group_revenue as double)) over before, null) as burst_baseline,
        mad(cast(group_revenue as double)) over before as deviation
    from counted
    window before as (
        partition by merchant_id order by date
        rows between 28 preceding and 1 preceding
    )
),

bursts as (
    select
        *,
        (cast(group_revenue as double) - burst_baseline)
        / greatest(1.4826 * deviation, 0.1 * abs(burst_baseline), 1) as burst_z
    from baselines
),

festivals as (
    select
        festival_date,
        lag(festival_date) over (order by year) as festival_before
    from {{ ref('int_lunar_new_years_valid') }}
),

referred as (
    select
        bursts.*,
        bursts.date - festivals.festival_date as festival_day,
        coalesce(
            festivals.festival_before + cast(bursts.date - festivals.festival_date as integer),
            bursts.date - 364
        ) as reference_date
    from bursts
    left join festivals
        on bursts.date between festivals.festival_date - 45 and festivals.festival_date + 45
),

final as (
    select
        referred.merchant_id,
        referred.merchant_id = 'all' as is_total,
        referred.date,
        referred.groups_born,
        referred.groups_died,
        referred.groups_alive,
        referred.date <= {{ as_of() }} - 14 as is_final,
        referred.groups_active,
        referred.group_orders,
        {{ published_money('referred.group_revenue') }} as group_revenue,
        referred.burst_baseline,
        referred.burst_z,
        if(
            referred.burst_z is null,
            null,
            round(referred.burst_z, 9) >= 3 and cast(referred.group_revenue as double) > referred.before_max
        ) as is_burst,
        referred.active_users,
        referred.active_users_7d,
        referred.active_users_30d,
        cast(referred.festival_day as integer) as festival_day,
        referred.reference_date,
        others.active_users as active_users_reference
    from referred
    left join counted as others
        on
            referred.merchant_id = others.merchant_id
            and referred.reference_date = others.date
)

select * from final
order by merchant_id, date
