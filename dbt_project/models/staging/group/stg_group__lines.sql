-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('group_events') }} from {{ source('group', 'group_events') }}
),

renamed as (
    select
        'group' as source,
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
