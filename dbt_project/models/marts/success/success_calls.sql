with events as (
    select * from {{ ref('stg_shop__success_call') }}
    qualify row_number() over (partition by merchant_id, event_time, manager order by event_id, event_source) = 1
),

calls as (
    select
        merchant_id,
        manager,
        event_time as called_at,
        event_date as called_on,
        -- A list that came after the call is not the one that it was made from.
        coalesce({{ business_date('listed_on') }} > event_date, false) as is_listed_later,
        if(is_listed_later, event_date - 1, coalesce({{ business_date('listed_on') }}, event_date - 1)) as listed_on,
        result,
        if(is_listed_later, null, step) as step,
        {{ business_date('next_on') }} as next_on
    from events
),

listed as (
    select * from {{ ref('int_churn_flags_dated') }}
),

due as (
    select * from {{ ref('int_worklists_due') }}
),

orders as (
    select
        merchant_id,
        paid_at,
        amount
    from {{ ref('int_orders_deduplicated') }}
),

movements as (
    select
        merchant_id,
        paid_at as moved_at,
        amount
    from orders
    union all
    select
        merchant_id,
        refunded_at as moved_at,
        -amount as amount
    from {{ ref('int_refunds_deduplicated') }}
),

logins as (
    select
        merchant_id,
        event_time as logged_in_at
    from {{ ref('stg_shop__merchant_active') }}
    where action = 'login'
),

churned as (
    select *
    from {{ ref('merchant_stage_history') }}
    where stage = 'churned'
),

-- The windows that are over, and the one that lasts until now.
windowed as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at,
        windows.name as time_window,
        least(calls.called_at + to_days(windows.days), {{ end_of_as_of() }}) as ends_at,
        calls.called_at - (ends_at - calls.called_at) as begins_at,
        {{ last_date_before('ends_at') }} as ends_on
    from calls
    cross join (values ('7d', 7), ('14d', 14), ('28d', 28), ('so_far', 28)) as windows (name, days)
    where windows.name = 'so_far' or calls.called_at + to_days(windows.days) <= {{ end_of_as_of() }}
),

sold as (
    select
        windowed.merchant_id,
        windowed.manager,
        windowed.called_at,
        windowed.time_window,
        count(*) as orders
    from windowed
    inner join orders
        on
            windowed.merchant_id = orders.merchant_id
            and windowed.called_at <= orders.paid_at
            and windowed.ends_at > orders.paid_at
    group by windowed.merchant_id, windowed.manager, windowed.called_at, windowed.time_window
),

earned as (
    select
        windowed.merchant_id,
        windowed.manager,
        windowed.called_at,
        windowed.time_window,
        sum(if(movements.moved_at < windowed.called_at, movements.amount, 0)) as revenue_before,
        sum(if(movements.moved_at >= windowed.called_at, movements.amount, 0)) as revenue_after
    from windowed
    inner join movements
        on
            windowed.merchant_id = movements.merchant_id
            and windowed.begins_at <= movements.moved_at
            and windowed.ends_at > movements.moved_at
    group by windowed.merchant_id, windowed.manager, windowed.called_at, windowed.time_window
),

seen as (
    select distinct
        windowed.merchant_id,
        windowed.manager,
        windowed.called_at,
        windowed.time_window
    from windowed
    inner join logins
        on
            windowed.merchant_id = logins.merchant_id
            and windowed.called_at <= logins.logged_in_at
            and windowed.ends_at > logins.logged_in_at
),

gone as (
    select distinct
        windowed.merchant_id,
        windowed.manager,
        windowed.called_at,
        windowed.time_window
    from windowed
    inner join churned
        on
            windowed.merchant_id = churned.merchant_id
            and windowed.ends_on >= churned.entered_on
            and {{ is_before_end('windowed.ends_on', 'churned.left_on') }}
),

measured as (
    select
        windowed.merchant_id,
        windowed.manager,
        windowed.called_at,
        windowed.time_window,
        coalesce(sold.orders, 0) as orders,
        sold.orders is not null as sold_again,
        seen.merchant_id is not null as logged_in,
        gone.merchant_id is not null as is_left,
        {{ published_money('coalesce(earned.revenue_before, 0)') }} as revenue_before,
        {{ published_money('coalesce(earned.revenue_after, 0)') }} as revenue_after
    from windowed
    left join sold
        on
            windowed.merchant_id = sold.merchant_id
            and windowed.manager = sold.manager
            and windowed.called_at = sold.called_at
            and windowed.time_window = sold.time_window
    left join earned
        on
            windowed.merchant_id = earned.merchant_id
            and windowed.manager = earned.manager
            and windowed.called_at = earned.called_at
            and windowed.time_window = earned.time_window
    left join seen
        on
            windowed.merchant_id = seen.merchant_id
            and windowed.manager = seen.manager
            and windowed.called_at = seen.called_at
            and windowed.time_window = seen.time_window
    left join gone
        on
            windowed.merchant_id = gone.merchant_id
            and windowed.manager = gone.manager
            and windowed.called_at = gone.called_at
            and windowed.time_window = gone.time_window
),

results as (
    select
        merchant_id,
        manager,
        called_at,
        any_value(orders) filter (where time_window = '7d') as orders_7d,
        any_value(sold_again) filter (where time_window = '7d') as sold_again_7d,
        any_value(logged_in) filter (where time_window = '7d') as logged_in_7d,
        any_value(is_left) filter (where time_window = '7d') as left_7d,
        any_value(revenue_before) filter (where time_window = '7d') as revenue_before_7d,
        any_value(revenue_after) filter (where time_window = '7d') as revenue_after_7d,
        any_value(orders) filter (where time_window = '14d') as orders_14d,
        any_value(sold_again) filter (where time_window = '14d') as sold_again_14d,
        any_value(logged_in) filter (where time_window = '14d') as logged_in_14d,
        any_value(is_left) filter (where time_window = '14d') as left_14d,
        any_value(revenue_before) filter (where time_window = '14d') as revenue_before_14d,
        any_value(revenue_after) filter (where time_window = '14d') as revenue_after_14d,
        any_value(orders) filter (where time_window = '28d') as orders_28d,
        any_value(sold_again) filter (where time_window = '28d') as sold_again_28d,
        any_value(logged_in) filter (where time_window = '28d') as logged_in_28d,
        any_value(is_left) filter (where time_window = '28d') as left_28d,
        any_value(revenue_before) filter (where time_window = '28d') as revenue_before_28d,
        any_value(revenue_after) filter (where time_window = '28d') as revenue_after_28d,
        any_value(orders) filter (where time_window = 'so_far') as orders_so_far,
        any_value(sold_again) filter (where time_window = 'so_far') as sold_again_so_far,
        any_value(logged_in) filter (where time_window = 'so_far') as logged_in_so_far,
        any_value(is_left) filter (where time_window = 'so_far') as left_so_far,
        any_value(revenue_before) filter (where time_window = 'so_far') as revenue_before_so_far,
        any_value(revenue_after) filter (where time_window = 'so_far') as revenue_after_so_far
    from measured
    group by merchant_id, manager, called_at
),

final as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at,
        calls.called_on,
        calls.listed_on,
        calls.result,
        calls.step,
        calls.next_on,
        listed.stage,
        listed.churn_probability,
        listed.at_stake,
        listed.reasons,
        coalesce(due.reason, listed.reasons[1].topic, 'unknown') as reason,
        results.orders_7d,
        results.sold_again_7d,
        results.logged_in_7d,
        results.left_7d,
        results.revenue_before_7d,
        results.revenue_after_7d,
        results.orders_14d,
        results.sold_again_14d,
        results.logged_in_14d,
        results.left_14d,
        results.revenue_before_14d,
        results.revenue_after_14d,
        results.orders_28d,
        results.sold_again_28d,
        results.logged_in_28d,
        results.left_28d,
        results.revenue_before_28d,
        results.revenue_after_28d,
        results.orders_so_far,
        results.sold_again_so_far,
        results.logged_in_so_far,
        results.left_so_far,
        results.revenue_before_so_far,
        results.revenue_after_so_far
    from calls
    left join results
        on
            calls.merchant_id = results.merchant_id
            and calls.manager = results.manager
            and calls.called_at = results.called_at
    left join listed
        on
            calls.merchant_id = listed.merchant_id
            and calls.listed_on = listed.listed_on
    left join due
        on
            calls.merchant_id = due.merchant_id
            and calls.listed_on = due.listed_on
)

select * from final
order by merchant_id, called_at, manager
