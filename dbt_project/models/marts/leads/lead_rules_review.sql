with leads as (
    select * from {{ ref('int_leads_scored') }}
    where cohort = 'judged'
),

rules as (
    select * from {{ ref('int_lead_rules_valid') }}
    where cohort = 'judged'
),

given_points as (
    select * from {{ ref('int_lead_points_given') }}
    where cohort = 'judged' and points > 0
),

suggested as (
    select weights.*
    from {{ ref('int_lead_weights_learnt') }} as weights
    semi join {{ ref('lead_score_deciles') }} as deciles
        on deciles.merchant_id = 'all' and deciles.auc_suggested is not null
),

scopes as (
    select
        {{- cell_of(["merchant_id"]) }}
        count(*) as leads,
        count(*) filter (where is_converted) as converted
    from leads
    group by rollup(merchant_id)
    having count(*) > 0
),

matched as (
    select
        if(grouping(leads.merchant_id) = 1, 'all', leads.merchant_id) as merchant_id,
        given_points.rule_id,
        count(*) as matched,
        count(*) filter (where leads.is_converted) as converted_matched
    from leads
    inner join given_points
        on
            leads.merchant_id = given_points.merchant_id
            and leads.user_id = given_points.user_id
    group by rollup(leads.merchant_id), given_points.rule_id
),

counted as (
    select
        scopes.merchant_id,
        rules.rule_id,
        rules.version as ruleset_version,
        rules.points,
        scopes.leads,
        coalesce(matched.matched, 0) as matched,
        scopes.converted,
        coalesce(matched.converted_matched, 0) as converted_matched
    from scopes
    cross join rules
    left join matched
        on
            scopes.merchant_id = matched.merchant_id
            and rules.rule_id = matched.rule_id
),

-- Woolf's logarithm of the odds ratio, with a half added to each cell.
cells as (
    select
        *,
        converted_matched + 0.5::double as a,
        matched - converted_matched + 0.5::double as b,
        converted - converted_matched + 0.5::double as c,
        leads - matched - (converted - converted_matched) + 0.5::double as d,
        ln(a * d / (b * c)) as log_odds_ratio,
        1.959963984540054 * sqrt(1 / a + 1 / b + 1 / c + 1 / d) as margin
    from counted
),

final as (
    select
        cells.merchant_id,
        cells.rule_id,
        cells.merchant_id = 'all' as is_total,
        cells.ruleset_version,
        cells.points,
        cells.leads,
        cells.matched,
        cells.converted,
        cells.converted_matched,
        cells.log_odds_ratio,
        cells.log_odds_ratio - cells.margin as log_odds_ratio_lo,
        cells.log_odds_ratio + cells.margin as log_odds_ratio_hi,
        suggested.suggested_points
    from cells
    left join suggested
        on if(cells.merchant_id = 'all', cells.rule_id, null) = suggested.rule_id
)

select * from final
order by merchant_id, rule_id
