-- The rules by which each cohort is scored.
select
    cohorts.cohort,
    cohorts.scored_date,
    rules.version,
    rules.rule_id,
    rules.attribute,
    rules.value,
    rules.lo,
    rules.hi,
    rules.points,
    rules.half_life_days,
    rules.cap
from {{ ref('int_lead_cohorts_dated') }} as cohorts
inner join {{ ref('lead_rules') }} as rules
    on
        cohorts.ruleset_version = rules.version
        and cohorts.rules_date >= rules.valid_from
        and coalesce(cohorts.rules_date <= rules.valid_to, true)
