-- One row a merchant × day of the lists on which it needed a call, by what the churn model wrote on that day.
with flags as (
    select * from {{ ref('int_churn_flags_dated') }}
),

merchants as (
    select * from {{ ref('merchants') }}
),

churned as (
    select *
    from {{ ref('merchant_stage_history') }}
    where stage = 'churned'
),

overview as (
    select
        flags.* replace (
            coalesce(flags.revenue_28d, 0) as revenue_28d,
            coalesce(flags.revenue_prev_28d, 0) as revenue_prev_28d,
            coalesce(flags.at_stake, 0) as at_stake
        ),
        coalesce(merchants.account_manager, '') as manager,
        coalesce(merchants.plan, 'unknown') as plan,
        churned.entered_on as since,
        flags.listed_on - {{ business_date('coalesce(merchants.onboarded_at, merchants.first_event_at)') }} as days_since_start
    from flags
    inner join merchants
        on flags.merchant_id = merchants.merchant_id
    left join churned
        on
            flags.merchant_id = churned.merchant_id
            and flags.listed_on >= churned.entered_on
            and {{ is_before_end('flags.listed_on', 'churned.left_on') }}
),

judged as (
    select
        *,
        {{ has_left('listed_on') }} as has_left,
        {{ has_not_sold() }} as has_not_sold,
        {{ has_fallen() }} as has_fallen
    from overview
),

-- The topic is that of the first reason that the list tells.
final as (
    select
        listed_on,
        merchant_id,
        manager,
        plan,
        churn_probability,
        is_churn_flagged,
        at_stake,
        capacity,
        case
            when has_left then 'left'
            when has_not_sold then 'first_order'
            when is_churn_flagged and len(reasons) > 0 and reasons[1].topic != 'revenue' then reasons[1].topic
            when has_fallen or (is_churn_flagged and len(reasons) > 0) then if(revenue_28d <= 0, 'sales_stopped', 'revenue')
            else 'risk'
        end as reason,
        cast(least(floor(churn_probability * 10), 9) as integer) as risk_tenth,
        if(revenue_28d >= 1, length(cast(cast(floor(revenue_28d) as hugeint) as varchar)), 0) as size_band,
        {{ is_held_out('merchant_id') }} as is_held_out
    from judged
    where has_left or has_not_sold or is_churn_flagged or has_fallen
)

select * from final
