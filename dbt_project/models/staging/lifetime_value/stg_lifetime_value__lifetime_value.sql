-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('lifetime_value', 'lifetime_value') }}
),

renamed as (
    select
        merchant_id,
        user_id,
        frequency,
        recency_weeks,
        age_weeks,
        monetary_value,
        p_alive,
        expected_orders_90d,
        expected_orders_365d,
        expected_value_365d
    from source
)

select * from renamed
