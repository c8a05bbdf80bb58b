-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('stream_events') }} from {{ source('stream', 'stream_events') }}
),

renamed as (
    select
        'stream' as source,
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
        merchant_id
    from source
)

select * from renamed
