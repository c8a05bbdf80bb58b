-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('merchant_churn', 'merchant_churn_flags') }}
),

renamed as (
    select
        merchant_id,
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
    from source
)

select * from renamed
