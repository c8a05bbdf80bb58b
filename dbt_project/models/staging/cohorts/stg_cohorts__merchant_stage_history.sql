with source as (
    select * from {{ lake_day('cohorts', 'merchant_stage_history') }}
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
