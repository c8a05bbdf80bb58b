-- Payments and refunds, each on its date, with what an order is cut by: its region, channel and campaign, and whether it is its
-- buyer's first. A refund counts where its order does.
with orders as (
    select * from {{ ref('int_orders_netted') }}
),

channels as (
    select
        merchant_id,
        order_id,
        channel
    from {{ ref('int_activities_sequenced') }}
    where kind = 'order'
),

shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

lives as (
    select * from {{ ref('int_lives_bounded') }}
),

described as (
    select
        orders.merchant_id,
        orders.order_id,
        orders.user_id,
        orders.paid_date,
        orders.paid,
        orders.items,
        orders.region,
        channels.channel,
        coalesce(orders.campaign_id, 'none') as campaign,
        if(orders.is_first_order, 'new', 'returning') as buyer_kind,
        orders.campaign_id is not null as is_of_campaign,
        shares.share_id is not null as is_shared,
        coalesce(shares.user_id = orders.user_id, false) as is_self_shared,
        lives.live_id is not null as is_live
    from orders
    inner join channels
        on
            orders.merchant_id = channels.merchant_id
            and orders.order_id = channels.order_id
    left join shares
        on
            orders.merchant_id = shares.merchant_id
            and orders.via_share_id = shares.share_id
    left join lives
        on
            orders.merchant_id = lives.merchant_id
            and orders.live_id = lives.live_id
),

moved as (
    select
        merchant_id,
        paid_date as moved_date,
        user_id as buyer_id,
        items,
        paid,
        paid as moved,
        region,
        channel,
        campaign,
        buyer_kind,
        is_of_campaign,
        is_shared,
        is_self_shared,
        is_live
    from described
    union all by name
    select
        refunds.merchant_id,
        refunds.refunded_date as moved_date,
        refunds.order_id as refunded_order_id,
        refunds.amount as refunded,
        -refunds.amount as moved,
        described.region,
        described.channel,
        described.campaign,
        described.buyer_kind,
        described.is_of_campaign,
        described.is_shared,
        described.is_self_shared,
        described.is_live
    from {{ ref('int_refunds_deduplicated') }} as refunds
    inner join described
        on
            refunds.merchant_id = described.merchant_id
            and refunds.order_id = described.order_id
)

select
    merchant_id,
    moved_date,
    buyer_id,
    items,
    paid,
    refunded_order_id,
    refunded,
    moved,
    region,
    channel,
    campaign,
    buyer_kind,
    is_of_campaign,
    is_shared,
    is_self_shared,
    is_live
from moved
