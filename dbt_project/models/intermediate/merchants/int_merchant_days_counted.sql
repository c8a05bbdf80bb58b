-- What happened at a merchant on a day and adds up over days.
with shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

spells as (
    select * from {{ ref('int_fan_spells_derived') }}
),

teams as (
    select * from {{ ref('int_teams_resolved') }}
),

counted as (
    select
        merchant_id,
        shared_date as date,
        count(*) as shares
    from shares
    group by all
    union all by name
    select
        opens.merchant_id,
        opens.event_date as date,
        count(*) as opens
    from {{ ref('stg_shop__share_opened') }} as opens
    inner join shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
            and opens.user_id != shares.user_id
    group by all
    union all by name
    select
        merchant_id,
        started_date as date,
        count(*) as fans_won
    from spells
    group by all
    union all by name
    select
        merchant_id,
        ended_date as date,
        count(*) as fans_lost,
        count(*) filter (where ended_by = 'block') as fans_blocked
    from spells
    where ended_date is not null
    group by all
    union all by name
    select
        merchant_id,
        event_date as date,
        count(*) as coupons_claimed
    from {{ ref('stg_shop__coupon_claimed') }}
    group by all
    union all by name
    select
        merchant_id,
        sent_date as date,
        count(*) as packets_sent
    from {{ ref('int_red_packets_deduplicated') }}
    group by all
    union all by name
    select
        merchant_id,
        claimed_date as date,
        sum(amount) as packet_cost
    from {{ ref('int_red_packet_claims_deduplicated') }}
    group by all
    union all by name
    select
        merchant_id,
        event_date as date,
        sum(amount) as commission
    from {{ ref('stg_shop__commission_accrued') }}
    group by all
    union all by name
    select
        groups.merchant_id,
        messages.event_date as date,
        count(*) as messages
    from {{ ref('stg_group__message_posted') }} as messages
    inner join groups
        on messages.group_id = groups.group_id
    where groups.merchant_id is not null
    group by all
    union all by name
    select
        merchant_id,
        opened_date as date,
        count(*) as teams_opened
    from teams
    group by all
    union all by name
    select
        merchant_id,
        {{ business_date('formed_at') }} as date,
        count(*) as teams_formed
    from teams
    where formed_at is not null
    group by all
    union all by name
    select
        merchant_id,
        {{ business_date('started_at') }} as date,
        count(*) as lives
    from {{ ref('int_lives_bounded') }}
    group by all
    union all by name
    select
        merchant_id,
        event_date as date,
        count(*) filter (where action = 'login') as logins,
        count(*) filter (where action = 'feature_used') as feature_uses,
        count(*) filter (where action = 'support_ticket') as support_tickets
    from {{ ref('stg_shop__merchant_active') }}
    group by all
    union all by name
    select
        merchant_id,
        moved_date as date,
        count(buyer_id) filter (where buyer_kind = 'new') as new_buyers,
        count(buyer_id) filter (where is_of_campaign) as campaign_orders,
        count(buyer_id) filter (where is_shared) as shared_orders,
        sum(moved) filter (where is_shared) as shared_revenue,
        count(buyer_id) filter (where is_live) as live_orders,
        sum(moved) filter (where is_live) as live_revenue,
        count(buyer_id) filter (where is_self_shared) as self_shared_orders
    from {{ ref('int_sales_moved') }}
    group by all
)

select
    merchant_id,
    date,
    sum(new_buyers) as new_buyers,
    sum(campaign_orders) as campaign_orders,
    sum(coupons_claimed) as coupons_claimed,
    sum(packets_sent) as packets_sent,
    sum(packet_cost) as packet_cost,
    sum(fans_won) as fans_won,
    sum(fans_lost) as fans_lost,
    sum(fans_blocked) as fans_blocked,
    sum(commission) as commission,
    sum(shares) as shares,
    sum(opens) as opens,
    sum(shared_orders) as shared_orders,
    sum(shared_revenue) as shared_revenue,
    sum(messages) as messages,
    sum(teams_opened) as teams_opened,
    sum(teams_formed) as teams_formed,
    sum(lives) as lives,
    sum(live_orders) as live_orders,
    sum(live_revenue) as live_revenue,
    sum(self_shared_orders) as self_shared_orders,
    sum(logins) as logins,
    sum(feature_uses) as feature_uses,
    sum(support_tickets) as support_tickets
from counted
group by merchant_id, date
