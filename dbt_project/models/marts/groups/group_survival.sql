with group_survival as (
    select * from {{ ref('stg_cohorts__group_survival') }}
),

final as (
    select
        stratum,
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
