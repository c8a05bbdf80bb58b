-- What ties a person to a merchant, or unties them: follows, orders that count, unfollows and blocks.
select
    merchant_id,
    user_id,
    'follow' as tie,
    event_time,
    event_date,
    event_id,
    event_source,
    channel,
    via_share_id
from {{ ref('stg_shop__fan_followed') }}
union all by name
select
    merchant_id,
    user_id,
    'order' as tie,
    paid_at as event_time,
    paid_date as event_date,
    event_id,
    event_source,
    via_share_id
from {{ ref('int_orders_deduplicated') }}
union all by name
select
    merchant_id,
    user_id,
    'unfollow' as tie,
    event_time,
    event_date,
    event_id,
    event_source
from {{ ref('stg_shop__fan_unfollowed') }}
union all by name
select
    merchant_id,
    user_id,
    'block' as tie,
    event_time,
    event_date,
    event_id,
    event_source
from {{ ref('stg_shop__fan_blocked') }}
