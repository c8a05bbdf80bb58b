-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('merchant_churn', 'churn_model_evaluation') }}
),

renamed as (
    select
        split,
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
    from source
)

select * from renamed
