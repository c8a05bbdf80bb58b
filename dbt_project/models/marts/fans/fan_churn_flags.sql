-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with fan_churn_flags as (
    select * from {{ ref('stg_lifetime_value__fan_churn_flags') }}
),

final as (
    select
        merchant_id,
        user_id,
        frequency,
        recency_weeks,
        age_weeks,
        p_alive,
        expected_orders_90d,
        expected_value_365d,
        is_churn_flagged
    from fan_churn_flags
)

select * from final
order by merchant_id, user_id
