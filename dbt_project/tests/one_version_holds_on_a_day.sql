-- Of lead rules and of the steps of a script one version holds on a day, or which one counts would be chance. All rows of a
-- version hold on the same days.
with periods as (
    select distinct
        'lead_rules' as seed,
        version,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('lead_rules') }}
    union all by name
    select distinct
        script as seed,
        version,
        valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('script_steps') }}
)

select
    periods.seed,
    periods.version,
    others.version as other_version
from periods
inner join periods as others
    on
        periods.seed = others.seed
        and (periods.version, periods.valid_from, periods.valid_to) < (others.version, others.valid_from, others.valid_to)
        and (
            periods.version = others.version
            or (periods.valid_from <= others.valid_to and periods.valid_to >= others.valid_from)
        )
