-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with lifetime_value as (
    select * from {{ ref('stg_lifetime_value__lifetime_value') }}
),

final as (
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
    from lifetime_value
)

select * from final
order by merchant_id, user_id
