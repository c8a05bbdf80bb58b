-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('lifetime_value', 'fan_churn_flags') }}
),

renamed as (
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
    from source
)

select * from renamed
