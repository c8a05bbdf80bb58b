-- One row a merchant that was ever due for a call, on the first day of the lists on which it was, where the 28 days after it
-- are over: whether it is held out, and whether it recovered, called or not. Later days are no fair comparison, for calls
-- change who is due.
with first_days as (
    select *
    from {{ ref('int_worklists_due') }}
    qualify row_number() over (partition by merchant_id order by listed_on) = 1
),

over_days as (
    select
        *,
        listed_on + 28 as followed_to
    from first_days
    where followed_to <= {{ as_of() }}
),

sold as (
    select distinct over_days.merchant_id
    from over_days
    inner join {{ ref('int_orders_deduplicated') }} as orders
        on
            over_days.merchant_id = orders.merchant_id
            and over_days.listed_on < orders.paid_date
            and over_days.followed_to >= orders.paid_date
),

churned as (
    select *
    from {{ ref('merchant_stage_history') }}
    where stage = 'churned'
),

final as (
    select
        over_days.merchant_id,
        over_days.manager,
        over_days.reason,
        {{ month_of('over_days.listed_on') }} as month,
        over_days.is_held_out,
        sold.merchant_id is not null and churned.merchant_id is null as is_recovered
    from over_days
    left join sold
        on over_days.merchant_id = sold.merchant_id
    left join churned
        on
            over_days.merchant_id = churned.merchant_id
            and over_days.followed_to >= churned.entered_on
            and {{ is_before_end('over_days.followed_to', 'churned.left_on') }}
)

select * from final
