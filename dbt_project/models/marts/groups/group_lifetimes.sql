-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with group_lifetimes as (
    select * from {{ ref('stg_group_survival__group_lifetimes') }}
),

final as (
    select
        stratum,
        stratum = 'all' as is_total,
        value,
        groups,
        deaths,
        median_days,
        rmst_90,
        naive_mean_days
    from group_lifetimes
)

select * from final
order by stratum, value
