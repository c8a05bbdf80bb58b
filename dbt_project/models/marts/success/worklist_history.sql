with due as (
    select *
    from {{ ref('int_worklists_due') }}
    where listed_on > {{ as_of() }} - 2 * {{ var('history_days') }}
),

flags as (
    select
        listed_on,
        merchant_id,
        stage
    from {{ ref('int_churn_flags_dated') }}
    where listed_on > {{ as_of() }} - 2 * {{ var('history_days') }}
),

days as (
    select
        listed_on,
        row_number() over (order by listed_on) as number,
        lag(listed_on) over (order by listed_on) as listed_before
    from (select distinct listed_on from flags) as run_days
),

daily as (
    select
        merchant_id,
        date,
        orders,
        revenue
    from {{ ref('daily_merchant') }}
    where date > {{ as_of() }} - 365 - 2 * {{ var('history_days') }}
),

years as (
    select
        due.listed_on,
        due.merchant_id,
        {{ published_money('coalesce(sum(daily.revenue), 0)') }} as revenue_365d
    from due
    left join daily
        on
            due.merchant_id = daily.merchant_id
            and due.listed_on - 365 < daily.date
            and due.listed_on >= daily.date
    group by due.listed_on, due.merchant_id
),

last_calls as (
    select
        due.listed_on,
        due.merchant_id,
        calls.called_on,
        calls.result,
        calls.next_on
    from due
    inner join {{ ref('success_calls') }} as calls
        on
            due.merchant_id = calls.merchant_id
            and due.listed_on >= calls.called_on
    qualify
        row_number() over (
            partition by due.merchant_id, due.listed_on
            order by calls.called_at desc, calls.next_on desc nulls last, calls.manager asc
        ) = 1
),

judged as (
    select
        due.*,
        years.revenue_365d,
        {{ snoozed_until('due.listed_on') }} as snoozed_until,
        {{ is_called_lately('due.listed_on') }} as is_called,
        not due.is_held_out and snoozed_until is null and not is_called as is_callable
    from due
    inner join years
        on
            due.merchant_id = years.merchant_id
            and due.listed_on = years.listed_on
    left join last_calls
        on
            due.merchant_id = last_calls.merchant_id
            and due.listed_on = last_calls.listed_on
),

cut as (
    select
        *,
        is_callable
        and row_number() over (partition by listed_on, is_callable {{ in_order_of_calls() }})
        <= max(capacity) over (partition by listed_on) as is_on_list
    from judged
),

ranked as (
    select
        cut.*,
        days.number,
        row_number() over (partition by cut.listed_on, cut.manager, cut.is_on_list {{ in_order_of_calls() }}) as place,
        days.number - row_number() over (partition by cut.merchant_id, cut.is_on_list order by cut.listed_on) as spell
    from cut
    inner join days
        on cut.listed_on = days.listed_on
),

lists as (
    select
        listed_on,
        merchant_id,
        place as rank,
        min(listed_on) over (partition by merchant_id, spell) as on_list_since
    from ranked
    where is_on_list
),

-- Those on the list of the day that was run before, on the day that was run after it.
carried as (
    select
        days.listed_on,
        days.listed_before,
        lists.merchant_id
    from lists
    inner join days
        on lists.listed_on = days.listed_before
),

sold as (
    select distinct
        carried.listed_on,
        carried.merchant_id
    from carried
    inner join daily
        on
            carried.merchant_id = daily.merchant_id
            and carried.listed_before < daily.date
            and carried.listed_on >= daily.date
    where daily.orders > 0
),

final as (
    select
        merchant_id,
        listed_on,
        lists.rank is not null as is_on_list,
        lists.rank,
        lists.on_list_since,
        carried.listed_before is not null as was_on_list,
        case
            when lists.rank is not null then null
            when cut.is_held_out then 'held_out'
            when cut.snoozed_until is not null then 'snoozed'
            when cut.is_called then 'called'
            when cut.merchant_id is not null then 'over_capacity'
            when sold.merchant_id is not null then 'sold_again'
            when flags.stage = 'churned' then 'left'
            else 'below_threshold'
        end as off_list_reason
    from cut
    full outer join carried using (merchant_id, listed_on)
    left join lists using (merchant_id, listed_on)
    left join sold using (merchant_id, listed_on)
    left join flags using (merchant_id, listed_on)
    where listed_on > {{ as_of() }} - {{ var('history_days') }}
)

select * from final
order by merchant_id, listed_on
