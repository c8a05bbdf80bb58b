-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('shop_events') }} from {{ source('shop', 'shop_events') }}
),

renamed as (
    select
        'shop' as source,
        fate,
        dt,
        file,
        line,
        reason,
        rows_read,
        error,
        bytes,
        event_id,
        event_source,
        event_type,
        timezone('UTC', event_time) as event_time,
        event_date,
        merchant_id,
        campaign_id
    from source
)

select * from renamed
