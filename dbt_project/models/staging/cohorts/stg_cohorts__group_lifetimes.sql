with source as (
    select * from {{ lake_day('cohorts', 'group_lifetimes') }}
),

renamed as (
    select
        stratum,
        value,
        groups,
        deaths,
        median_days,
        rmst_90,
        naive_mean_days
    from source
)

select * from renamed
