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
        partner_id,
        timezone('UTC', valid_from) as valid_from,
        timezone('UTC', valid_to) as valid_to
    from source
    where
        fate = 'accepted'
        and event_type = 'shop.partnership_recorded.v1'
        and event_month <= '{{ var("as_of")[:7] }}'
        and event_date <= date '{{ var("as_of") }}'
)

select * from renamed
