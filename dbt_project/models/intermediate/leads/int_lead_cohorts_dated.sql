-- When leads are scored, and by which version of the rules: today; 30 days ago, to see who has bought since; and 30 days before
-- that by the same version, for weights to be learnt from.
with cohorts as (
    select
        'current' as cohort,
        {{ as_of() }} as scored_date,
        {{ as_of() }} as rules_date
    union all by name
    select
        'judged' as cohort,
        {{ as_of() }} - 30 as scored_date,
        {{ as_of() }} - 30 as rules_date
    union all by name
    select
        'learnt' as cohort,
        {{ as_of() }} - 60 as scored_date,
        {{ as_of() }} - 30 as rules_date
)

select
    cohorts.cohort,
    cohorts.scored_date,
    cohorts.rules_date,
    max_by(rules.version, row(rules.valid_from, rules.version)) as ruleset_version
from cohorts
left join {{ ref('lead_rules') }} as rules
    on
        cohorts.rules_date >= rules.valid_from
        and coalesce(cohorts.rules_date <= rules.valid_to, true)
group by cohorts.cohort, cohorts.scored_date, cohorts.rules_date
