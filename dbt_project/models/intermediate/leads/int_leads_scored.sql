-- The score of each lead of a cohort, and its parts.
{%- set attributes = ["gender", "age", "region", "city_tier", "watch", "depth", "login"] %}
with parts as (
    select
        leads.cohort,
        leads.merchant_id,
        leads.user_id,
        {%- for attribute in attributes %}
            coalesce(any_value(given.points) filter (where given.attribute = '{{ attribute }}'), 0) as points_{{ attribute }},
        {%- endfor %}
        any_value(leads.is_converted) as is_converted
    from {{ ref('int_lead_cohorts_filled') }} as leads
    left join {{ ref('int_lead_points_given') }} as given
        on
            leads.cohort = given.cohort
            and leads.merchant_id = given.merchant_id
            and leads.user_id = given.user_id
    group by leads.cohort, leads.merchant_id, leads.user_id
)

select
    parts.*,
    {%- for attribute in attributes %}
        parts.points_{{ attribute }}{{ " +" if not loop.last }}
    {%- endfor %} as score,
    cohorts.ruleset_version
from parts
inner join {{ ref('int_lead_cohorts_dated') }} as cohorts
    on parts.cohort = cohorts.cohort
