with leads as (
    select
        *,
        count(*) over (partition by scope, weights) as scope_leads
    from {{ ref('int_lead_scopes_ranked') }}
),

version as (
    select ruleset_version
    from {{ ref('int_lead_cohorts_dated') }}
    where cohort = 'judged'
),

-- Of all pairs of a lead that bought and one that did not, those in which it had the higher score; equal ones are a half.
equals as (
    select
        scope,
        weights,
        score,
        count(*) filter (where is_converted) as converted,
        count(*) filter (where not is_converted) as others,
        sum(others) over (partition by scope, weights order by score) as others_so_far
    from leads
    group by scope, weights, score
),

areas as (
    select
        scope,
        weights,
        sum(converted) as n1,
        sum(others) as n0,
        {{ ratio('sum(converted * (2 * others_so_far - others))', '2 * sum(converted) * sum(others)') }} as auc
    from equals
    group by scope, weights
),

-- Hanley, McNeil 1982.
judged as (
    select
        *,
        1.959963984540054 * sqrt(greatest(
            auc * (1 - auc)
            + (n1 - 1) * (auc / (2 - auc) - auc * auc)
            + (n0 - 1) * (2 * auc * auc / (1 + auc) - auc * auc),
            0
        ) / (n1 * n0)) as margin,
        greatest(auc - margin, 0) as auc_lo,
        least(auc + margin, 1) as auc_hi
    from areas
    where auc is not null
),

tenths as (
    select
        *,
        1 + 10 * lower_scores // scope_leads as decile
    from leads
    where weights = 'rules'
),

counted as (
    select
        scope,
        if(grouping(decile) = 1, 0, decile) as decile,
        count(*) as leads,
        min(score) as score_min,
        max(score) as score_max,
        count(*) filter (where is_converted) as converted
    from tenths
    group by rollup(scope, decile)
    having grouping(scope) = 0
),

lifted as (
    select
        *,
        {{ ratio('converted', 'leads') }} as conversion_rate,
        max(conversion_rate) filter (where decile = 0) over (partition by scope) as scope_rate
    from counted
),

final as (
    select
        lifted.scope as merchant_id,
        cast(lifted.decile as integer) as decile,
        lifted.scope = 'all' or lifted.decile = 0 as is_total,
        lifted.leads,
        lifted.score_min,
        lifted.score_max,
        lifted.converted,
        lifted.conversion_rate,
        {{ wilson_lo('lifted.converted', 'lifted.leads') }} as conversion_rate_lo,
        {{ wilson_hi('lifted.converted', 'lifted.leads') }} as conversion_rate_hi,
        {{ ratio('lifted.conversion_rate', 'lifted.scope_rate') }} as lift,
        rules.auc,
        rules.auc_lo,
        rules.auc_hi,
        if(suggested.auc > rules.auc, suggested.auc, null) as auc_suggested,
        version.ruleset_version
    from lifted
    cross join version
    left join judged as rules
        on
            if(lifted.decile = 0, lifted.scope, null) = rules.scope
            and rules.weights = 'rules'
    left join judged as suggested
        on
            if(lifted.decile = 0, lifted.scope, null) = suggested.scope
            and suggested.weights = 'suggested'
)

select * from final
order by merchant_id, decile
