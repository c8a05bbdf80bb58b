-- What each person was and brought in each trailing year, as known at the window's end: spells, payments, refunds and credits
-- of the window, for orders paid and shares made by its end.
with windows as (
    select * from {{ ref('int_windows_enumerated') }}
    where kind = 'year'
),

spells as (
    select
        *,
        -- the date of the last instant at which the person was a fan
        {{ business_date("ended_at - interval 1 microsecond") }} as last_date
    from {{ ref('int_fan_spells_derived') }}
),

movements as (
    select * from {{ ref('int_payments_and_refunds_unioned') }}
),

credits as (
    select * from {{ ref('int_credits_split') }}
),

parts as (
    select
        windows.merchant_id,
        windows.window_end,
        spells.user_id,
        true as is_window_fan,
        spells.ended_date is null or spells.ended_date > windows.window_end as is_fan_at_end,
        {{ fan_days('spells.started_date', 'spells.ended_date', 'windows.window_start', 'windows.window_end') }} as fan_days
    from windows
    inner join spells
        on
            windows.merchant_id = spells.merchant_id
            and windows.window_end >= spells.started_date
            and (spells.last_date is null or windows.window_start <= spells.last_date)
    union all by name
    select
        windows.merchant_id,
        windows.window_end,
        movements.user_id,
        movements.amount as direct_revenue,
        cast(movements.movement = 'payment' as integer) as orders,
        cast(movements.movement = 'refund' as integer) as refunds
    from windows
    inner join movements
        on
            windows.merchant_id = movements.merchant_id
            and movements.moved_date between windows.window_start and windows.window_end
            and windows.window_end >= movements.paid_date
    union all by name
    select
        windows.merchant_id,
        windows.window_end,
        credits.user_id,
        credits.last_touch,
        credits.first_touch,
        credits.linear
    from windows
    inner join credits
        on
            windows.merchant_id = credits.merchant_id
            and credits.moved_date between windows.window_start and windows.window_end
            and windows.window_end >= credits.paid_date
            and windows.window_end >= credits.via_shared_date
),

people as (
    select
        merchant_id,
        window_end,
        user_id,
        coalesce(bool_or(is_window_fan), false) as is_window_fan,
        coalesce(bool_or(is_fan_at_end), false) as is_fan_at_end,
        cast(coalesce(sum(fan_days), 0) as bigint) as fan_days,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        cast(coalesce(sum(refunds), 0) as bigint) as refunds,
        coalesce(sum(direct_revenue), 0) as direct_revenue,
        coalesce(sum(last_touch), 0) as assisted_revenue_last_touch,
        coalesce(sum(first_touch), 0) as assisted_revenue_first_touch,
        coalesce(sum(linear), 0) as assisted_revenue_linear
    from parts
    group by merchant_id, window_end, user_id
)

select * from people
