-- The leads of each cohort: all of them today; on an earlier day those who had entered by its end and not bought by then, and
-- whether they bought in the 30 days after.
select
    cohorts.cohort,
    cohorts.scored_date,
    leads.merchant_id,
    leads.user_id,
    coalesce(leads.first_order_date <= cohorts.scored_date + 30, false) as is_converted
from {{ ref('int_leads_entered') }} as leads
inner join {{ ref('int_lead_cohorts_dated') }} as cohorts
    on
        cohorts.cohort = 'current'
        or (
            leads.entered_date <= cohorts.scored_date
            and (leads.first_order_date is null or leads.first_order_date > cohorts.scored_date)
        )
