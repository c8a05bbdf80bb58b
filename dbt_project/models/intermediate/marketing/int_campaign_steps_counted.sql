-- The steps of a plan are event types without version; a step is seen if such an event names the campaign while it holds.
with planned as (
    select distinct
        merchant_id,
        campaign_id,
        starts_at,
        ends_at,
        unnest(steps) as step
    from {{ ref('int_campaigns_enumerated') }}
),

events as (
    select
        merchant_id,
        campaign_id,
        event_time,
        regexp_replace(event_type, '\.v[0-9]+$', '') as step
    from {{ ref('stg_shop__lines') }}
    where
        fate = 'accepted'
        and event_date <= {{ as_of() }}
        and campaign_id is not null
),

seen as (
    select distinct
        planned.merchant_id,
        planned.campaign_id,
        planned.step
    from planned
    inner join events
        on
            planned.merchant_id = events.merchant_id
            and planned.campaign_id = events.campaign_id
            and planned.step = events.step
            and planned.starts_at <= events.event_time
            and planned.ends_at > events.event_time
),

final as (
    select
        planned.merchant_id,
        planned.campaign_id,
        count(*) as steps_planned,
        count(seen.step) as steps_seen,
        string_agg(planned.step, ' ' order by planned.step) filter (where seen.step is null) as steps_missing
    from planned
    left join seen
        on
            planned.merchant_id = seen.merchant_id
            and planned.campaign_id = seen.campaign_id
            and planned.step = seen.step
    group by planned.merchant_id, planned.campaign_id
)

select * from final
