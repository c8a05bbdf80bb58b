with packets as (
    select * from {{ ref('stg_shop__red_packet_sent') }}
),

deduplicated as (
    select
        merchant_id,
        packet_id,
        user_id,
        event_time as sent_at,
        event_date as sent_date,
        amount,
        campaign_id
    from packets
    qualify row_number() over (partition by merchant_id, packet_id order by event_time, event_id, event_source) = 1
)

select * from deduplicated
