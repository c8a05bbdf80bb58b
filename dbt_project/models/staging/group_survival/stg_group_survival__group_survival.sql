-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with source as (
    select * from {{ lake_day('group_survival', 'group_survival') }}
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
