-- One row a merchant × day that was run, by as_of, and is still in the lake: what the churn model wrote on that day.
{{ config(materialized="view") }}

with source as (
    select * from {{ lake_days('merchant_churn', 'merchant_churn_flags') }}
),

renamed as (
    select
        as_of as listed_on,
        merchant_id,
        stage,
        days_since_last_order,
        revenue_28d,
        revenue_prev_28d,
        churn_probability,
        is_churn_flagged,
        reasons,
        at_stake,
        capacity
    from source
)

select * from renamed
