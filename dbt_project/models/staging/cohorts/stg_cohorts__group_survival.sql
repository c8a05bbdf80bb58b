with source as (
    select * from {{ lake_day('cohorts', 'group_survival') }}
),

renamed as (
    select
        stratum,
        value,
        day,
        at_risk,
        deaths,
        survival,
        survival_lo,
        survival_hi
    from source
)

select * from renamed
