-- What people did at a merchant, with the channel it came by, the first that holds: that of the known share it opens or names;
-- its own; `live` if it happened in a live stream; the campaign's; `none`. A view: int_activities_sequenced writes the rows
-- down, and everybody else reads them there.
{{ config(materialized="view") }}

with shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

lives as (
    select * from {{ ref('int_lives_bounded') }}
),

campaigns as (
    select * from {{ ref('int_campaigns_channelled') }}
),

activities as (
    select
        merchant_id,
        user_id,
        event_time as active_at,
        event_date as active_date,
        event_id,
        event_source,
        'view' as kind,
        object_type,
        object_id,
        session_id,
        dwell_ms,
        via_share_id as share_id,
        campaign_id
    from {{ ref('stg_shop__page_viewed') }}
    union all by name
    select
        opens.merchant_id,
        opens.user_id,
        opens.event_time as active_at,
        opens.event_date as active_date,
        opens.event_id,
        opens.event_source,
        'open' as kind,
        shares.object_type,
        shares.object_id,
        opens.share_id
    from {{ ref('stg_shop__share_opened') }} as opens
    inner join shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
    union all by name
    select
        merchant_id,
        user_id,
        event_time as active_at,
        event_date as active_date,
        event_id,
        event_source,
        'claim' as kind,
        campaign_id
    from {{ ref('stg_shop__coupon_claimed') }}
    union all by name
    select
        lives.merchant_id,
        viewers.user_id,
        viewers.event_time as active_at,
        viewers.event_date as active_date,
        viewers.event_id,
        viewers.event_source,
        'visit' as kind,
        viewers.via_share_id as share_id,
        coalesce(viewers.channel, 'live') as own_channel
    from {{ ref('stg_stream__viewer_joined') }} as viewers
    inner join lives
        on viewers.live_id = lives.live_id
    union all by name
    select
        orders.merchant_id,
        orders.user_id,
        orders.paid_at as active_at,
        orders.paid_date as active_date,
        orders.event_id,
        orders.event_source,
        'order' as kind,
        orders.order_id,
        orders.amount as paid,
        orders.via_share_id as share_id,
        orders.campaign_id,
        if(lives.live_id is null, null, 'live') as own_channel
    from {{ ref('int_orders_deduplicated') }} as orders
    left join lives
        on
            orders.merchant_id = lives.merchant_id
            and orders.live_id = lives.live_id
),

channelled as (
    select
        activities.merchant_id,
        activities.user_id,
        activities.active_at,
        activities.active_date,
        activities.event_id,
        activities.event_source,
        activities.kind,
        activities.object_type,
        activities.object_id,
        activities.session_id,
        activities.dwell_ms,
        activities.order_id,
        activities.paid,
        coalesce(shares.channel, activities.own_channel, campaigns.channel, 'none') as channel
    from activities
    left join shares
        on
            activities.merchant_id = shares.merchant_id
            and activities.share_id = shares.share_id
    left join campaigns
        on
            activities.merchant_id = campaigns.merchant_id
            and activities.campaign_id = campaigns.campaign_id
)

select * from channelled
