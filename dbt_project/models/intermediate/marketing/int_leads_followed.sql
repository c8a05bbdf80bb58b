-- One row a lead: its first named channel, its last named merchant, and how far it came.
with leads as (
    select
        lead_id,
        min(event_time) as first_event_at,
        min(event_date) as first_event_date,
        coalesce(
            first(channel order by event_time, event_id, event_source) filter (where channel is not null), 'unknown'
        ) as channel,
        last(merchant_id order by event_time, event_id, event_source) filter (where merchant_id is not null) as merchant_id,
        max(list_position(['ad_click', 'contacted', 'called', 'contracted', 'live'], stage)) as stages,
        min(event_time) filter (where stage = 'live') as live_at
    from {{ ref('stg_shop__merchant_lead') }}
    group by lead_id
),

activated as (
    select distinct leads.lead_id
    from leads
    inner join {{ ref('int_orders_deduplicated') }} as orders
        on
            leads.merchant_id = orders.merchant_id
            and orders.paid_at between leads.live_at and leads.live_at + interval 30 days
),

final as (
    select
        leads.lead_id,
        leads.channel,
        leads.first_event_date,
        leads.stages >= 2 as is_contacted,
        leads.stages >= 3 as is_called,
        leads.stages >= 4 as is_contracted,
        leads.stages >= 5 as is_live,
        activated.lead_id is not null as is_activated,
        {{ seconds_between('leads.first_event_at', 'leads.live_at') }} / 86400 as days_to_live
    from leads
    left join activated
        on leads.lead_id = activated.lead_id
)

select * from final
