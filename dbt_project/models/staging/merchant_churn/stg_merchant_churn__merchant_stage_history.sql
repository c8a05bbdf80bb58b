-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('merchant_churn', 'merchant_stage_history') }}
),

renamed as (
    select
        merchant_id,
        stage,
        entered_on,
        left_on
    from source
)

select * from renamed
