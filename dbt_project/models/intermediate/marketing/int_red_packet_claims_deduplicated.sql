with claims as (
    select * from {{ ref('stg_shop__red_packet_claimed') }}
),

deduplicated as (
    select
        merchant_id,
        packet_id,
        user_id,
        event_time as claimed_at,
        event_date as claimed_date,
        amount
    from claims
    qualify row_number() over (partition by merchant_id, packet_id, user_id order by event_time, event_id, event_source) = 1
)

select * from deduplicated
