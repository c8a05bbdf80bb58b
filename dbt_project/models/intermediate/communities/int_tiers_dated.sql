-- The tier of each person at a merchant by month, and for how many months in a row they had it. Who had none has no row.
with months as (
    select
        merchant_id,
        window_end as month_end,
        cast(date_trunc('month', window_end) as date) as month_start
    from {{ ref('int_windows_enumerated') }}
    where kind = 'month'
),

opens as (
    select * from {{ ref('int_share_opens_matched') }}
),

reached as (
    select
        months.merchant_id,
        spells.user_id,
        months.month_start,
        1 as step
    from months
    inner join {{ ref('int_fan_spells_derived') }} as spells
        on
            months.merchant_id = spells.merchant_id
            and months.month_end >= spells.started_date
            and (spells.ended_date is null or months.month_end < spells.ended_date)
    union all
    select
        merchant_id,
        user_id,
        date_trunc('month', paid_date) as month_start,
        2 as step
    from {{ ref('int_orders_deduplicated') }}
    union all
    select
        merchant_id,
        sharer_id as user_id,
        date_trunc('month', opened_date) as month_start,
        3 as step
    from opens
    union all
    select
        merchant_id,
        leader_id as user_id,
        date_trunc('month', opened_date) as month_start,
        4 as step
    from {{ ref('int_teams_opened') }}
    union all
    select
        merchant_id,
        inviter as user_id,
        date_trunc('month', accepted_date) as month_start,
        4 as step
    from {{ ref('int_invitations_accepted') }}
    union all
    select
        merchant_id,
        sharer_id as user_id,
        date_trunc('month', opened_date) as month_start,
        5 as step
    from opens
    where group_id is not null
    group by merchant_id, sharer_id, date_trunc('month', opened_date)
    having count(distinct opener_id) >= 3 and count(distinct group_id) >= 2
),

tiers as (
    select
        merchant_id,
        user_id,
        cast(month_start as date) as month_start,
        ['fan', 'buyer', 'sharer', 'leader', 'bridge'][max(step)] as tier,
        year(month_start) * 12 + month(month_start) as month_number
    from reached
    group by merchant_id, user_id, month_start
),

runs as (
    select
        *,
        month_number - row_number() over (partition by merchant_id, user_id, tier order by month_number) as run
    from tiers
)

select
    merchant_id,
    user_id,
    month_start,
    tier,
    row_number() over (partition by merchant_id, user_id, tier, run order by month_number) as months_in_tier
from runs
