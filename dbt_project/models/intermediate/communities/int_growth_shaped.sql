-- One row a merchant × month: the 7 days to a date of the month with most active users, against the 28 days before them and,
-- if they have passed, the 28 after. A peak that people stay after is a step, one that they leave is a spike.
with days as (
    select
        merchant_id,
        date,
        cast(date_trunc('month', date) as date) as month_start,
        active_users
    from {{ ref('community_days') }}
    where not is_total
),

windows as (
    select
        merchant_id,
        date,
        month_start,
        count(*) over week as week_days,
        sum(active_users) over week as week_users,
        count(*) over base as base_days,
        median(active_users) over base as base_users,
        count(*) over after as after_days,
        avg(active_users) over after as after_users
    from days
    window
        week as (partition by merchant_id order by date rows between 6 preceding and current row),
        base as (partition by merchant_id order by date rows between 34 preceding and 7 preceding),
        after as (partition by merchant_id order by date rows between 1 following and 28 following)
),

peaks as (
    select
        merchant_id,
        month_start,
        date as peak_date,
        week_users / 7 as peak_users,
        if(base_days = 28, base_users, null) as peak_base,
        if(after_days = 28, after_users, null) as after_users
    from windows
    where week_days = 7
    qualify row_number() over (partition by merchant_id, month_start order by week_users desc, date asc) = 1
),

held as (
    select
        *,
        peak_base is null as is_unknown,
        peak_users = 0 or round(peak_users, 9) < round(2 * peak_base, 9) as is_steady,
        if(is_unknown or is_steady, null, (after_users - peak_base) / (peak_users - peak_base)) as held_share
    from peaks
)

select
    merchant_id,
    month_start,
    peak_date,
    peak_users,
    peak_base,
    held_share,
    case
        when is_unknown then null
        when is_steady then 'steady'
        when round(held_share, 9) >= 0.5 then 'step'
        when held_share is not null then 'spike'
    end as growth_shape
from held
