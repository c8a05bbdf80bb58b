-- How each person first came to a merchant, by an activity or a follow, and what became of them by as_of.
with first_activities as (
    select * from {{ ref('int_activities_sequenced') }}
    where activity_number = 1
),

shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

orders as (
    select * from {{ ref('int_orders_netted') }}
),

follows as (
    select
        follows.merchant_id,
        follows.user_id,
        follows.event_time,
        follows.event_id,
        follows.event_source,
        coalesce(shares.channel, follows.channel, 'none') as channel
    from {{ ref('stg_shop__fan_followed') }} as follows
    left join shares
        on
            follows.merchant_id = shares.merchant_id
            and follows.via_share_id = shares.share_id
),

comings as (
    select
        merchant_id,
        user_id,
        active_at as came_at,
        event_id,
        event_source,
        channel
    from first_activities
    union all by name
    select
        merchant_id,
        user_id,
        event_time as came_at,
        event_id,
        event_source,
        channel
    from follows
),

arrivals as (
    select
        merchant_id,
        user_id,
        min(came_at) as arrived_at,
        arg_min(channel, row(came_at, event_id, event_source)) as channel
    from comings
    group by merchant_id, user_id
),

first_follows as (
    select
        merchant_id,
        user_id,
        min(event_time) as followed_at
    from follows
    group by merchant_id, user_id
),

first_joins as (
    select
        arrivals.merchant_id,
        arrivals.user_id,
        min(joins.event_time) as joined_at
    from {{ ref('stg_group__member_joined') }} as joins
    inner join groups
        on joins.group_id = groups.group_id
    inner join arrivals
        on
            groups.merchant_id = arrivals.merchant_id
            and joins.user_id = arrivals.user_id
            and joins.event_time >= arrivals.arrived_at
    group by arrivals.merchant_id, arrivals.user_id
),

bought as (
    select
        merchant_id,
        user_id,
        count(distinct paid_date) as order_dates,
        max(paid_at) as last_order_at,
        sum(net) as net
    from orders
    group by merchant_id, user_id
),

followed as (
    select
        arrivals.merchant_id,
        arrivals.user_id,
        {{ business_date('arrivals.arrived_at') }} as arrived_date,
        arrivals.channel,
        -- no follow is before the arrival
        least(first_follows.followed_at, first_joins.joined_at) as settled_at,
        bought.last_order_at,
        coalesce(bought.order_dates, 0) as order_dates,
        coalesce(bought.net, 0) as net
    from arrivals
    left join first_follows
        on
            arrivals.merchant_id = first_follows.merchant_id
            and arrivals.user_id = first_follows.user_id
    left join first_joins
        on
            arrivals.merchant_id = first_joins.merchant_id
            and arrivals.user_id = first_joins.user_id
    left join bought
        on
            arrivals.merchant_id = bought.merchant_id
            and arrivals.user_id = bought.user_id
)

select * from followed
