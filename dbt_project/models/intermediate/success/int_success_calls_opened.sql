-- One row a call to a merchant that nobody had called in the 28 days before, whose 28 days after it are over: a repeated call
-- is no second try. What calls are matched by is null where the list is not there or did not have the merchant.
with calls as (
    select
        *,
        called_at - interval 28 day as quiet_since,
        lag(called_at) over (partition by merchant_id order by called_at, manager) as called_before
    from {{ ref('success_calls') }}
),

due as (
    select * from {{ ref('int_worklists_due') }}
),

final as (
    select
        calls.merchant_id,
        calls.manager,
        calls.called_at,
        calls.called_on,
        calls.listed_on,
        calls.reason,
        coalesce(calls.step, 'unknown') as step,
        {{ month_of('calls.called_on') }} as month,
        calls.sold_again_28d and not calls.left_28d as is_recovered,
        due.plan,
        due.is_churn_flagged,
        due.risk_tenth,
        due.size_band
    from calls
    left join due
        on
            calls.merchant_id = due.merchant_id
            and calls.listed_on = due.listed_on
    where
        calls.sold_again_28d is not null
        and (calls.called_before is null or calls.called_before < calls.quiet_since)
)

select * from final
