-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('shop_events') }} from {{ source('shop', 'shop_events') }}
),

renamed as (
    select
        event_id,
        event_source,
        timezone('UTC', event_time) as event_time,
        event_date,
        merchant_id,
        campaign_id,
        timezone('UTC', starts_at) as starts_at,
        timezone('UTC', ends_at) as ends_at,
        title,
        budget,
        target_orders,
        target_revenue,
        steps
    from source
    where
        fate = 'accepted'
        and event_type = 'shop.campaign_planned.v1'
        and event_month <= '{{ var("as_of")[:7] }}'
        and event_date <= date '{{ var("as_of") }}'
)

select * from renamed
