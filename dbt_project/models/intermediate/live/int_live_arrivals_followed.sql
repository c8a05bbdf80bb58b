-- How each viewer of a live first came to it, and how long they watched. An arrival came by the share of its join if that is a
-- share of the live, made by another and not later.
with visits as (
    select * from {{ ref('int_live_visits_derived') }}
),

viewers as (
    select
        live_id,
        merchant_id,
        user_id,
        max(came_at) filter (where is_arrival) as arrived_at,
        max(via_share_id) filter (where is_arrival) as via_share_id,
        max(channel) filter (where is_arrival) as channel,
        cast(sum(date_diff('microsecond', joined_at, left_at)) as bigint) as watch_microseconds
    from visits
    group by live_id, merchant_id, user_id
)

select
    viewers.live_id,
    viewers.merchant_id,
    viewers.user_id,
    viewers.arrived_at,
    viewers.watch_microseconds,
    viewers.channel,
    shares.share_id as via_share_id
from viewers
left join {{ ref('int_live_shares_matched') }} as shares
    on
        viewers.live_id = shares.live_id
        and viewers.via_share_id = shares.share_id
        and viewers.user_id != shares.user_id
        and viewers.arrived_at >= shares.shared_at
