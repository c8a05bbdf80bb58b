-- Generated from contract/events.py by `python -m contract.generate`; edit the contract.
with source as (
    select *{{ late_fields('stream_events') }} from {{ source('stream', 'stream_events') }}
),

renamed as (
    select
        event_id,
        event_source,
        timezone('UTC', event_time) as event_time,
        event_date,
        live_id,
        user_id,
        is_replay,
        via_share_id,
        channel
    from source
    where
        fate = 'accepted'
        and event_type = 'stream.viewer_left.v1'
        and event_month <= '{{ var("as_of")[:7] }}'
        and event_date <= date '{{ var("as_of") }}'
)

select * from renamed
