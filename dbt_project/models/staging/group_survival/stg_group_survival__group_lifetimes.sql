-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('group_survival', 'group_lifetimes') }}
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
