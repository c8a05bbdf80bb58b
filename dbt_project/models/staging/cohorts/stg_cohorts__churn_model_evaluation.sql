with source as (
    select * from {{ lake_day('cohorts', 'churn_model_evaluation') }}
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
        model_version
    from source
)

select * from renamed
