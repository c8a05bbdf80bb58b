-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with cohort_value as (
    select * from {{ ref('stg_lifetime_value__cohort_value') }}
),

final as (
    select
        merchant_id,
        cohort_month,
        cast(try_strptime(cohort_month || '-01', '%Y-%m-%d') as date) as cohort_month_start,
        cohort_size,
        revenue_per_fan_to_date,
        expected_revenue_per_fan_365d,
        spend,
        spend_per_new_fan,
        ltv_to_cac,
        payback_months
    from cohort_value
)

select * from final
order by merchant_id, cohort_month
