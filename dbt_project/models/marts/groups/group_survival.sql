-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with group_survival as (
    select * from {{ ref('stg_group_survival__group_survival') }}
),

final as (
    select
        stratum,
        stratum = 'all' as is_total,
        value,
        day,
        at_risk,
        deaths,
        survival,
        survival_lo,
        survival_hi
    from group_survival
)

select * from final
order by stratum, value, day
