{%- set windows = [7, 14, 28] -%}
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
        coalesce({{ business_date('listed_on') }}, event_date - 1) as listed_on,
        result,
        step,
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

sold as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at
        {%- for days in windows %},
        count(*) filter (where orders.paid_at < calls.called_at + interval {{ days }} day) as orders_{{ days }}d
        {%- endfor %}
    from calls
    inner join orders
        on
            calls.merchant_id = orders.merchant_id
            and calls.called_at <= orders.paid_at
            and calls.called_at + interval 28 day > orders.paid_at
    group by calls.merchant_id, calls.manager, calls.called_at
),

earned as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at
        {%- for days in windows %},
        sum(movements.amount) filter (
            where
            movements.moved_at < calls.called_at
            and movements.moved_at >= calls.called_at - interval {{ days }} day
        ) as revenue_before_{{ days }}d,
        sum(movements.amount) filter (
            where
            movements.moved_at >= calls.called_at
            and movements.moved_at < calls.called_at + interval {{ days }} day
        ) as revenue_after_{{ days }}d
        {%- endfor %}
    from calls
    inner join movements
        on
            calls.merchant_id = movements.merchant_id
            and calls.called_at - interval 28 day <= movements.moved_at
            and calls.called_at + interval 28 day > movements.moved_at
    group by calls.merchant_id, calls.manager, calls.called_at
),

seen as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at,
        min(logins.logged_in_at) as logged_in_at
    from calls
    inner join logins
        on
            calls.merchant_id = logins.merchant_id
            and calls.called_at <= logins.logged_in_at
    group by calls.merchant_id, calls.manager, calls.called_at
),

gone as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at
        {%- for days in windows %},
        bool_or(
            churned.entered_on <= calls.called_on + {{ days }}
            and (churned.left_on is null or churned.left_on > calls.called_on + {{ days }})
        ) as left_{{ days }}d
        {%- endfor %}
    from calls
    inner join churned
        on calls.merchant_id = churned.merchant_id
    group by calls.merchant_id, calls.manager, calls.called_at
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
        coalesce(due.reason, listed.reasons[1].topic, 'unknown') as reason
        {%- for days in windows %}
        {%- set is_over = "calls.called_at + interval " ~ days ~ " day <= " ~ end_of_as_of() %},
        if({{ is_over }}, coalesce(sold.orders_{{ days }}d, 0), null) as orders_{{ days }}d,
        if({{ is_over }}, coalesce(sold.orders_{{ days }}d, 0) > 0, null) as sold_again_{{ days }}d,
        if(
            {{ is_over }},
            coalesce(seen.logged_in_at < calls.called_at + interval {{ days }} day, false),
            null
        ) as logged_in_{{ days }}d,
        if({{ is_over }}, coalesce(gone.left_{{ days }}d, false), null) as left_{{ days }}d,
        if(
            {{ is_over }},
            {{ published_money("coalesce(earned.revenue_before_" ~ days ~ "d, 0)") }},
            null
        ) as revenue_before_{{ days }}d,
        if(
            {{ is_over }},
            {{ published_money("coalesce(earned.revenue_after_" ~ days ~ "d, 0)") }},
            null
        ) as revenue_after_{{ days }}d
        {%- endfor %}
    from calls
    left join listed
        on
            calls.merchant_id = listed.merchant_id
            and calls.listed_on = listed.listed_on
    left join due
        on
            calls.merchant_id = due.merchant_id
            and calls.listed_on = due.listed_on
    left join sold
        on
            calls.merchant_id = sold.merchant_id
            and calls.manager = sold.manager
            and calls.called_at = sold.called_at
    left join earned
        on
            calls.merchant_id = earned.merchant_id
            and calls.manager = earned.manager
            and calls.called_at = earned.called_at
    left join seen
        on
            calls.merchant_id = seen.merchant_id
            and calls.manager = seen.manager
            and calls.called_at = seen.called_at
    left join gone
        on
            calls.merchant_id = gone.merchant_id
            and calls.manager = gone.manager
            and calls.called_at = gone.called_at
)

select * from final
order by merchant_id, called_at, manager
