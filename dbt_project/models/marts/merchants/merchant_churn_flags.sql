-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with merchant_churn_flags as (
    select * from {{ ref('stg_merchant_churn__merchant_churn_flags') }}
),

final as (
    select
        merchant_id,
        {{ as_of() }} as as_of,
        stage,
        days_since_last_order,
        days_since_last_login,
        revenue_28d,
        revenue_prev_28d,
        churn_probability,
        is_churn_flagged,
        at_risk_since,
        reason_1,
        reason_2,
        reason_3,
        reasons,
        expected_loss,
        at_stake,
        threshold,
        capacity,
        model_version
    from merchant_churn_flags
)

select * from final
order by merchant_id
