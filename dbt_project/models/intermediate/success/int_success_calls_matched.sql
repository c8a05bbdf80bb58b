-- One row a call of int_success_calls_opened × merchant that was due like the one that was called and was not called itself: on
-- the same list, flagged alike, with a churn probability in the same tenth, on the same plan, and with revenue_28d of as many
-- digits. Its 28 days begin with the call. A later call counts for nothing: those that are not called later are the ones
-- that recovered.
with opened as (
    select * from {{ ref('int_success_calls_opened') }}
),

due as (
    select * from {{ ref('int_worklists_due') }}
),

calls as (
    select
        merchant_id,
        called_at,
        called_on
    from {{ ref('success_calls') }}
),

orders as (
    select
        merchant_id,
        paid_at
    from {{ ref('int_orders_deduplicated') }}
),

churned as (
    select *
    from {{ ref('merchant_stage_history') }}
    where stage = 'churned'
),

alike as (
    select
        opened.merchant_id,
        opened.manager,
        opened.called_at,
        opened.called_on,
        due.merchant_id as other_merchant_id
    from opened
    inner join due
        on
            opened.listed_on = due.listed_on
            and opened.is_churn_flagged = due.is_churn_flagged
            and opened.risk_tenth = due.risk_tenth
            and opened.plan = due.plan
            and opened.size_band = due.size_band
            and opened.merchant_id != due.merchant_id
),

uncalled as (
    select
        alike.*,
        {{ last_date_before('alike.called_at + interval 28 day') }} as ends_on
    from alike
    anti join calls
        on
            alike.other_merchant_id = calls.merchant_id
            and alike.called_on >= calls.called_on
            and alike.called_at - interval 28 day <= calls.called_at
),

followed as (
    select
        uncalled.*,
        coalesce(
            orders.paid_at < uncalled.called_at + interval 28 day
            and churned.merchant_id is null,
            false
        ) as is_recovered
    from uncalled
    asof left join orders
        on
            uncalled.other_merchant_id = orders.merchant_id
            and uncalled.called_at <= orders.paid_at
    left join churned
        on
            uncalled.other_merchant_id = churned.merchant_id
            and uncalled.ends_on >= churned.entered_on
            and {{ is_before_end('uncalled.ends_on', 'churned.left_on') }}
),

final as (
    select
        merchant_id,
        manager,
        called_at,
        other_merchant_id,
        is_recovered,
        1.0 / count(*) over (partition by merchant_id, manager, called_at) as weight
    from followed
)

select * from final
