with shares as (
    select * from {{ ref('stg_shop__share_created') }}
),

deduplicated as (
    select
        merchant_id,
        share_id,
        user_id,
        event_id,
        event_source,
        event_time as shared_at,
        event_date as shared_date,
        object_type,
        object_id,
        channel,
        group_id,
        campaign_id
    from shares
    qualify row_number() over (partition by merchant_id, share_id order by event_time, event_id, event_source) = 1
)

select * from deduplicated
