-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with merchant_stage_history as (
    select * from {{ ref('stg_merchant_churn__merchant_stage_history') }}
),

final as (
    select
        merchant_id,
        stage,
        entered_on,
        left_on
    from merchant_stage_history
)

select * from final
order by merchant_id, entered_on
