-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with churn_model_evaluation as (
    select * from {{ ref('stg_merchant_churn__churn_model_evaluation') }}
),

final as (
    select
        split,
        {{ as_of() }} as as_of,
        merchants,
        observations,
        base_rate,
        auc,
        brier,
        lift_at_10pct,
        calibration_slope,
        threshold,
        over_half,
        over_half_left,
        model_version
    from churn_model_evaluation
)

select * from final
order by as_of, split
