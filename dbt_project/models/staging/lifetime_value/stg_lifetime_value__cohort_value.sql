-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('lifetime_value', 'cohort_value') }}
),

renamed as (
    select
        merchant_id,
        cohort_month,
        cohort_size,
        revenue_per_fan_to_date,
        expected_revenue_per_fan_365d,
        spend,
        spend_per_new_fan,
        ltv_to_cac,
        payback_months
    from source
)

select * from renamed
