with merchant_stage_history as (
    select * from {{ ref('stg_cohorts__merchant_stage_history') }}
),

final as (
    select
        merchant_id,
        entered_on,
        stage,
        left_on
    from merchant_stage_history
)

select * from final
order by merchant_id, entered_on
