with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

lives as (
    select * from {{ ref('int_lives_bounded') }}
),

measures as (
    select
        merchant_id,
        event_date as date,
        count(distinct user_id) as visitors
    from {{ ref('stg_shop__page_viewed') }}
    group by merchant_id, event_date
    union all by name
    select
        merchant_id,
        paid_date as date,
        count(distinct user_id) as buyers,
        count(*) as orders
    from {{ ref('int_orders_deduplicated') }}
    group by merchant_id, paid_date
    union all by name
    select
        merchant_id,
        moved_date as date,
        sum(amount) as revenue,
        -sum(amount) filter (where movement = 'refund') as refunded
    from {{ ref('int_payments_and_refunds_unioned') }}
    group by merchant_id, moved_date
    union all by name
    select
        merchant_id,
        started_date as date,
        count(*) as fans_won
    from {{ ref('int_fan_spells_derived') }}
    group by merchant_id, started_date
    union all by name
    select
        merchant_id,
        ended_date as date,
        count(*) as fans_lost
    from {{ ref('int_fan_spells_derived') }}
    where ended_date is not null
    group by merchant_id, ended_date
    union all by name
    select
        merchant_id,
        {{ business_date('shared_at') }} as date,
        count(*) as shares
    from {{ ref('stg_spread_graph__cascade_nodes') }}
    group by merchant_id, {{ business_date('shared_at') }}
    union all by name
    select
        opens.merchant_id,
        opens.event_date as date,
        count(*) as opens
    from {{ ref('stg_shop__share_opened') }} as opens
    inner join {{ ref('stg_spread_graph__cascade_nodes') }} as shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
            and opens.user_id != shares.user_id
    group by opens.merchant_id, opens.event_date
    union all by name
    select
        merchant_id,
        opened_date as date,
        count(*) as teams_opened
    from {{ ref('int_teams_resolved') }}
    group by merchant_id, opened_date
    union all by name
    select
        merchant_id,
        {{ business_date('formed_at') }} as date,
        count(*) as teams_formed
    from {{ ref('int_teams_resolved') }}
    where formed_at is not null
    group by merchant_id, {{ business_date('formed_at') }}
    union all by name
    select
        groups.merchant_id,
        messages.event_date as date,
        count(*) as messages
    from {{ ref('stg_group__message_posted') }} as messages
    inner join groups
        on messages.group_id = groups.group_id
    where groups.merchant_id is not null
    group by groups.merchant_id, messages.event_date
    union all by name
    select
        lives.merchant_id,
        viewers.event_date as date,
        count(distinct viewers.user_id) as live_viewers
    from {{ ref('stg_stream__viewer_joined') }} as viewers
    inner join lives
        on viewers.live_id = lives.live_id
    where viewers.is_replay is not true
    group by lives.merchant_id, viewers.event_date
),

summed as (
    select
        merchant_id,
        date,
        sum(visitors) as visitors,
        sum(buyers) as buyers,
        sum(orders) as orders,
        sum(revenue) as revenue,
        sum(refunded) as refunded,
        sum(fans_won) as fans_won,
        sum(fans_lost) as fans_lost,
        sum(shares) as shares,
        sum(opens) as opens,
        sum(teams_opened) as teams_opened,
        sum(teams_formed) as teams_formed,
        sum(messages) as messages,
        sum(live_viewers) as live_viewers
    from measures
    group by merchant_id, date
),

-- the days on which something was counted, the first event's, and that with which the last year begins
moments as (
    select
        merchant_id,
        first_event_date as date
    from merchants
    union distinct
    select
        merchant_id,
        greatest(first_event_date, {{ as_of() }} - 364) as date
    from merchants
    union distinct
    select
        summed.merchant_id,
        summed.date
    from summed
    inner join merchants
        on
            summed.merchant_id = merchants.merchant_id
            and summed.date between merchants.first_event_date and {{ as_of() }}
),

spans as (
    select
        merchant_id,
        date,
        coalesce(lead(date) over (
            partition by merchant_id
            order by date
        ), {{ as_of() }} + 1) - date as days_to_next
    from moments
),

-- and a year of days after each: a clock that was years late makes no row for every day since
days as (
    select
        merchant_id,
        date + cast(unnest(range(least(days_to_next, 365))) as integer) as date
    from spans
),

final as (
    select
        days.merchant_id,
        days.date,
        cast(coalesce(summed.visitors, 0) as bigint) as visitors,
        cast(coalesce(summed.buyers, 0) as bigint) as buyers,
        cast(coalesce(summed.orders, 0) as bigint) as orders,
        {{ published_money('coalesce(summed.revenue, 0)') }} as revenue,
        {{ published_money('coalesce(summed.refunded, 0)') }} as refunded,
        cast(sum(coalesce(summed.fans_won, 0) - coalesce(summed.fans_lost, 0)) over (
            partition by days.merchant_id
            order by days.date
        ) as bigint) as fans,
        cast(coalesce(summed.shares, 0) as bigint) as shares,
        cast(coalesce(summed.opens, 0) as bigint) as opens,
        cast(coalesce(summed.teams_opened, 0) as bigint) as teams_opened,
        cast(coalesce(summed.teams_formed, 0) as bigint) as teams_formed,
        cast(coalesce(summed.messages, 0) as bigint) as messages,
        cast(coalesce(summed.live_viewers, 0) as bigint) as live_viewers
    from days
    left join summed
        on
            days.merchant_id = summed.merchant_id
            and days.date = summed.date
)

select * from final
order by merchant_id, date
