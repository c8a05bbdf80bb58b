-- What was known of a person at the end of the day on which a cohort is scored, by the latest registration.
with cohorts as (
    select * from {{ ref('int_lead_cohorts_dated') }}
),

records as (
    select
        cohorts.cohort,
        cohorts.scored_date,
        registrations.user_id,
        registrations.gender,
        registrations.birth_year,
        registrations.region,
        registrations.city_tier
    from {{ ref('stg_shop__user_registered') }} as registrations
    inner join cohorts
        on registrations.event_date <= cohorts.scored_date
    qualify row_number() over (
        partition by cohorts.cohort, registrations.user_id
        order by registrations.event_time desc, registrations.event_id desc, registrations.event_source desc
    ) = 1
)

select
    *,
    date_part('year', scored_date) - birth_year as age,
    cast(gender is null as integer)
    + cast(birth_year is null as integer)
    + cast(region is null as integer)
    + cast(city_tier is null as integer) as unknown_attributes
from records
