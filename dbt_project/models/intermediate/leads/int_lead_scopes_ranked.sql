-- The leads of 30 days ago in the scopes in which they are compared, their merchant and all, by their score of the rules and,
-- in all, by that of the suggested weights.
with leads as (
    select
        merchant_id,
        user_id,
        is_converted,
        score
    from {{ ref('int_leads_scored') }}
    where cohort = 'judged'
),

suggested as (
    select
        points.merchant_id,
        points.user_id,
        {{ exact_sum('points.points * weights.suggested_points / rules.points') }} as score
    from {{ ref('int_lead_points_given') }} as points
    inner join {{ ref('int_lead_rules_valid') }} as rules
        on
            points.cohort = rules.cohort
            and points.rule_id = rules.rule_id
    inner join {{ ref('int_lead_weights_learnt') }} as weights
        on points.rule_id = weights.rule_id
    where points.cohort = 'judged' and rules.points != 0
    group by points.merchant_id, points.user_id
),

scopes as (
    select
        merchant_id as scope,
        'rules' as weights,
        merchant_id,
        user_id,
        is_converted,
        round(score, 9) as score
    from leads
    union all by name
    select
        'all' as scope,
        'rules' as weights,
        merchant_id,
        user_id,
        is_converted,
        round(score, 9) as score
    from leads
    union all by name
    select
        'all' as scope,
        'suggested' as weights,
        leads.merchant_id,
        leads.user_id,
        leads.is_converted,
        round(coalesce(suggested.score, 0), 9) as score
    from leads
    left join suggested
        on
            leads.merchant_id = suggested.merchant_id
            and leads.user_id = suggested.user_id
    where exists (select 1 from {{ ref('int_lead_weights_learnt') }})
)

select
    *,
    rank() over (partition by scope, weights order by score) - 1 as lower_scores
from scopes
