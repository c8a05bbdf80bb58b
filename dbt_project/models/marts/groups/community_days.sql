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
        user_id,
        date
    from {{ ref('int_active_people_dated') }}
    union all by name
    select distinct
        'all' as merchant_id,
        user_id,
        date
    from {{ ref('int_active_people_dated') }}
),

active_days as (
    select
        *,
        lead(date) over (partition by merchant_id, user_id order by date) as next_date
    from people
),

-- A person is active in the last n days from a date to n days after it, or to the next: each day is looked at once, not once
-- for each window that holds it.
person_changes as (
    select
        merchant_id,
        date,
        1 as active_users,
        1 as active_users_7d,
        1 as active_users_30d
    from active_days
    union all by name
    select
        merchant_id,
        least(date + 7, next_date) as date,
        -1 as active_users_7d
    from active_days
    union all by name
    select
        merchant_id,
        least(date + 30, next_date) as date,
        -1 as active_users_30d
    from active_days
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

windows as (
    select
        *,
        cast(list(group_revenue) over before as double[]) as before_values
    from counted
    window before as (
        partition by merchant_id order by date
        rows between 28 preceding and 1 preceding
    )
),

medians as (
    select
        *,
        list_median(before_values) as before_median
    from windows
),

baselines as (
    select
        * exclude (before_values, before_median),
        list_max(before_values) as before_max,
        if(len(before_values) >= 14, before_median, null) as burst_baseline,
        list_median(list_transform(before_values, lambda value: abs(value - before_median))) as deviation
    from medians
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
