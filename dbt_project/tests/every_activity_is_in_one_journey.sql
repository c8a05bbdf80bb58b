-- A row is a person of whom the journeys hold other activities than there were.
with activities as (
    select
        merchant_id,
        user_id,
        count(*) filter (where kind = 'view') as page_views,
        count(*) filter (where kind = 'open') as share_opens,
        count(*) filter (where kind = 'claim') as coupon_claims,
        count(*) filter (where kind = 'visit') as live_visits,
        count(*) filter (where kind = 'order') as orders
    from {{ ref('int_activities_unioned') }}
    group by merchant_id, user_id
),

journeys as (
    select
        merchant_id,
        user_id,
        sum(page_views) as page_views,
        sum(share_opens) as share_opens,
        sum(coupon_claims) as coupon_claims,
        sum(live_visits) as live_visits,
        sum(orders) as orders
    from {{ ref('journeys') }}
    group by merchant_id, user_id
)

select
    merchant_id,
    user_id
from activities
full outer join journeys using (merchant_id, user_id)
where
    activities.page_views is distinct from journeys.page_views
    or activities.share_opens is distinct from journeys.share_opens
    or activities.coupon_claims is distinct from journeys.coupon_claims
    or activities.live_visits is distinct from journeys.live_visits
    or activities.orders is distinct from journeys.orders
