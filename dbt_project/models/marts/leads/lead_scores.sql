with leads as (
    select * from {{ ref('int_leads_entered') }}
),

scores as (
    select * from {{ ref('int_leads_scored') }}
    where cohort = 'current'
),

people as (
    select * from {{ ref('int_lead_attributes_dated') }}
    where cohort = 'current'
),

-- What is below all bands is in the lowest.
bands as (
    select
        band,
        if(lag(lo) over rising is null, '-infinity'::double, lo) as lo,
        lead(lo, 1, 'infinity'::double) over rising as hi
    from {{ ref('lead_bands') }}
    window rising as (order by lo)
),

touches as (
    select
        leads.merchant_id,
        leads.user_id,
        count(*) as touches
    from {{ ref('stg_shop__outreach_made') }} as outreach
    inner join leads
        on
            outreach.merchant_id = leads.merchant_id
            and outreach.user_id = leads.user_id
            and outreach.event_time >= leads.entered_at
            and (leads.first_order_at is null or outreach.event_time < leads.first_order_at)
    group by leads.merchant_id, leads.user_id
),

suppressed as (
    select distinct
        merchant_id,
        user_id
    from {{ ref('suppressed_fans') }}
),

final as (
    select
        leads.merchant_id,
        leads.user_id,
        leads.entered_at,
        leads.entry_source,
        case
            when leads.first_order_at is not null then 'converted'
            when suppressed.user_id is not null then 'suppressed'
            when leads.entered_date > {{ as_of() }} - 7 then 'new'
            when leads.last_behaviour_date > {{ as_of() }} - 30 then 'active'
            else 'dormant'
        end as state,
        cast(coalesce(leads.first_order_date, {{ as_of() }}) - leads.entered_date as integer) as days_in_pool,
        leads.last_behaviour_date,
        coalesce(touches.touches, 0) as touches,
        leads.reactivations,
        leads.first_order_at as converted_at,
        scores.score,
        bands.band,
        case
            when leads.first_order_at is not null then 'bought'
            when suppressed.user_id is not null then 'leave_alone'
            when touches.touches >= {{ var('lead_touches') }} then 'called_enough'
            when bands.band = 'cold' then 'wait'
            else 'call'
        end as advice,
        scores.points_gender + scores.points_age + scores.points_region + scores.points_city_tier as points_profile,
        scores.points_gender,
        scores.points_age,
        scores.points_region,
        scores.points_city_tier,
        scores.points_watch,
        scores.points_depth,
        scores.points_login,
        coalesce(people.unknown_attributes, 4) as unknown_attributes,
        scores.ruleset_version
    from leads
    inner join scores
        on
            leads.merchant_id = scores.merchant_id
            and leads.user_id = scores.user_id
    inner join bands
        on scores.score >= bands.lo and scores.score < bands.hi
    left join people
        on leads.user_id = people.user_id
    left join touches
        on
            leads.merchant_id = touches.merchant_id
            and leads.user_id = touches.user_id
    left join suppressed
        on
            leads.merchant_id = suppressed.merchant_id
            and leads.user_id = suppressed.user_id
)

select * from final
order by merchant_id, user_id
