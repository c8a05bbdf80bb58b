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
        share_id,
        user_id,
        object_type,
        object_id,
        channel,
        group_id,
        parent_share_id,
        campaign_id,
        is_rewarded
    from source
    where
        fate = 'accepted'
        and event_type = 'shop.share_created.v1'
        and event_month <= '{{ var("as_of")[:7] }}'
        and event_date <= date '{{ var("as_of") }}'
)

select * from renamed
