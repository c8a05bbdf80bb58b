-- How a person first came to a merchant: their earliest open, follow or order. Layer 0 if no known share led there, else the
-- share's depth in its tree + 1.
with touches as (
    select
        merchant_id,
        user_id,
        share_id,
        event_time,
        event_id,
        event_source
    from {{ ref('stg_shop__share_opened') }}
    union all by name
    select
        merchant_id,
        user_id,
        via_share_id as share_id,
        event_time,
        event_id,
        event_source
    from {{ ref('stg_shop__fan_followed') }}
    union all by name
    select
        merchant_id,
        user_id,
        via_share_id as share_id,
        paid_at as event_time,
        event_id,
        event_source
    from {{ ref('int_orders_deduplicated') }}
),

first_touches as (
    select *
    from touches
    qualify row_number() over (partition by merchant_id, user_id order by event_time, event_id, event_source) = 1
),

shares as (
    select * from {{ ref('stg_spread_graph__cascade_nodes') }}
),

layered as (
    select
        first_touches.merchant_id,
        first_touches.user_id,
        first_touches.event_time as first_touch_at,
        shares.share_id as first_share_id,
        coalesce(shares.depth + 1, 0) as layer
    from first_touches
    left join shares
        on
            first_touches.merchant_id = shares.merchant_id
            and first_touches.share_id = shares.share_id
)

select * from layered
