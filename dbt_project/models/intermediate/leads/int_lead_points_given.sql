-- The rule that counts for an attribute of a lead, the one with the most points, and the points that it gives.
with rules as (
    select * from {{ ref('int_lead_rules_valid') }}
),

leads as (
    select * from {{ ref('int_lead_cohorts_filled') }}
),

people as (
    select * from {{ ref('int_lead_attributes_dated') }}
),

attributes as (
    select
        cohort,
        user_id,
        unnest(['gender', 'age', 'region', 'city_tier']) as attribute,
        unnest([gender, null, region, null]) as text,
        unnest([null, age, null, city_tier]) as number
    from people
),

is_so as (
    select
        leads.cohort,
        leads.merchant_id,
        leads.user_id,
        rules.attribute,
        rules.rule_id,
        rules.points
    from attributes
    inner join rules
        on
            attributes.cohort = rules.cohort
            and attributes.attribute = rules.attribute
            and (rules.value is null or attributes.text = rules.value)
            and (rules.lo is null or attributes.number >= rules.lo)
            and (rules.hi is null or attributes.number <= rules.hi)
    inner join leads
        on
            attributes.cohort = leads.cohort
            and attributes.user_id = leads.user_id
),

-- What units are worth on the day of the scores, by half-lives since.
worth as (
    select
        leads.cohort,
        leads.merchant_id,
        leads.user_id,
        rules.attribute,
        rules.rule_id,
        rules.points,
        rules.cap,
        units.units * if(
            rules.half_life_days is null, 1, pow(2, (units.units_date - leads.scored_date) / rules.half_life_days)
        ) as units_left
    from {{ ref('int_lead_units_dated') }} as units
    inner join leads
        on
            units.merchant_id = leads.merchant_id
            and units.user_id = leads.user_id
            and units.units_date <= leads.scored_date
            and (units.replaced_date is null or units.replaced_date > leads.scored_date)
    inner join rules
        on
            leads.cohort = rules.cohort
            and units.attribute = rules.attribute
),

-- Least passes over a cap that is not there.
does_so as (
    select
        cohort,
        merchant_id,
        user_id,
        attribute,
        rule_id,
        any_value(points) * {{ exact_sum('units_left') }} as uncapped,
        least(uncapped, any_value(cap)) as capped
    from worth
    group by cohort, merchant_id, user_id, attribute, rule_id
),

given_points as (
    select * from is_so
    union all by name
    select
        * exclude (uncapped, capped),
        capped as points
    from does_so
)

select *
from given_points
qualify row_number() over (
    partition by cohort, merchant_id, user_id, attribute
    order by points desc, rule_id asc
) = 1
