with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

periods as (
    select unnest(['day', 'week', 'month']) as period
),

-- every period of a merchant, from that of its first event to that of as_of
spans as (
    select
        merchants.merchant_id,
        merchants.first_event_date,
        periods.period,
        cast(unnest(generate_series(
            date_trunc(periods.period, merchants.first_event_date),
            {{ as_of() }},
            case periods.period when 'day' then interval 1 day when 'week' then interval 7 days else interval 1 month end
        )) as date) as period_start,
        case periods.period
            when 'day' then period_start
            when 'week' then period_start + 6
            else last_day(period_start)
        end as period_end
    from merchants
    cross join periods
),

-- what adds up
days as (
    select
        days.*,
        periods.period,
        cast(date_trunc(periods.period, days.date) as date) as period_start
    from {{ ref('int_merchant_days_counted') }} as days
    inner join merchants
        on
            days.merchant_id = merchants.merchant_id
            and days.date >= merchants.first_event_date
    cross join periods
),

counted as (
    select
        merchant_id,
        period,
        period_start,
        sum(columns(* exclude (merchant_id, period, period_start, date)))
    from days
    group by merchant_id, period, period_start
),

-- a person counts once in a period: on the first day in it
people_days as (
    select
        merchant_id,
        user_id,
        active_date,
        bool_or(kind = 'view') as is_visitor
    from {{ ref('int_activities_sequenced') }}
    group by merchant_id, user_id, active_date
),

people_followed as (
    select
        people_days.*,
        people_days.active_date >= merchants.first_event_date as is_counted,
        row_number() over in_order = 1 as is_new,
        max(people_days.active_date) filter (where is_counted) over before_it as active_before,
        max(people_days.active_date) filter (where is_counted and people_days.is_visitor) over before_it as visited_before
    from people_days
    inner join merchants
        on people_days.merchant_id = merchants.merchant_id
    window
        in_order as (partition by people_days.merchant_id, people_days.user_id order by people_days.active_date),
        before_it as (
            partition by people_days.merchant_id, people_days.user_id
            order by people_days.active_date
            rows between unbounded preceding and 1 preceding
        )
),

people_in_periods as (
    select
        people_followed.merchant_id,
        periods.period,
        cast(date_trunc(periods.period, people_followed.active_date) as date) as period_start,
        coalesce(people_followed.active_before < period_start, true) as is_first,
        people_followed.is_visitor and coalesce(people_followed.visited_before < period_start, true) as is_first_visit,
        people_followed.is_new
    from people_followed
    cross join periods
    where people_followed.is_counted
),

people as (
    select
        merchant_id,
        period,
        period_start,
        count(*) filter (where is_first) as active_users,
        count(*) filter (where is_first_visit) as visitors,
        count(*) filter (where is_new) as new_users
    from people_in_periods
    group by all
),

viewers_joined as (
    select
        lives.merchant_id,
        joins.user_id,
        {{ period_starts('joins.event_date') }}
    from {{ ref('stg_stream__viewer_joined') }} as joins
    inner join {{ ref('int_lives_bounded') }} as lives
        on joins.live_id = lives.live_id
    inner join merchants
        on
            lives.merchant_id = merchants.merchant_id
            and joins.event_date >= merchants.first_event_date
    where joins.is_replay is not true
),

viewers as (
    select
        merchant_id,
        {{ period_of_group() }},
        count(distinct user_id) as live_viewers
    from viewers_joined
    group by {{ by_period() }} -- noqa: PRS
),

-- sales and what was spent for them, by what an order is cut by; spend has no region and no kind of buyer
sales as (
    select
        merchant_id,
        {{ period_starts('moved_date') }},
        buyer_id,
        items,
        paid,
        refunded,
        region,
        channel,
        campaign,
        buyer_kind
    from {{ ref('int_sales_moved') }}
    union all by name
    select
        merchant_id,
        {{ period_starts('event_date') }},
        channel,
        coalesce(campaign_id, 'none') as campaign,
        amount as spend
    from {{ ref('stg_shop__spend_recorded') }}
    where merchant_id is not null
),

sold as (
    select
        merchant_id,
        {{ period_of_group() }},
        case
            when grouping(region) = 0 then 'region'
            when grouping(channel) = 0 then 'channel'
            when grouping(campaign) = 0 then 'campaign'
            when grouping(buyer_kind) = 0 then 'buyer_kind'
            else 'all'
        end as dimension,
        if(dimension = 'all', 'all', coalesce(region, channel, campaign, buyer_kind)) as member,
        count(buyer_id) as orders,
        coalesce(sum(items), 0) as items,
        coalesce(sum(paid), 0) as paid,
        count(distinct buyer_id) as buyers,
        coalesce(sum(refunded), 0) as refunded,
        coalesce(sum(spend), 0) as spend
    from sales
    group by {{ by_period(['', 'region', 'channel', 'campaign', 'buyer_kind']) }} -- noqa: PRS
),

refunds as (
    select
        merchant_id,
        {{ period_starts('moved_date') }},
        refunded_order_id
    from {{ ref('int_sales_moved') }}
    where refunded_order_id is not null
),

refunded_orders as (
    select
        merchant_id,
        {{ period_of_group() }},
        count(distinct refunded_order_id) as orders_refunded
    from refunds
    group by {{ by_period() }} -- noqa: PRS
),

-- products in lines of orders, and who saw their pages
order_lines as (
    select
        merchant_id,
        order_id,
        user_id,
        paid_date,
        unnest(lines) as bought_line
    from {{ ref('int_orders_deduplicated') }}
),

products_moved as (
    select
        order_lines.merchant_id,
        {{ period_starts('order_lines.paid_date') }},
        order_lines.bought_line.product_id,
        order_lines.order_id,
        order_lines.user_id as buyer_id,
        sum(order_lines.bought_line.quantity) as items,
        sum(order_lines.bought_line.quantity * order_lines.bought_line.unit_price) as line_value
    from order_lines
    group by all
    union all by name
    select distinct
        merchant_id,
        {{ period_starts('active_date') }},
        object_id as product_id,
        user_id as visitor_id
    from {{ ref('int_activities_sequenced') }}
    where
        kind = 'view'
        and object_type = 'product'
),

products as (
    select
        merchant_id,
        {{ period_of_group() }},
        'product' as dimension,
        product_id as member,
        count(order_id) as orders,
        coalesce(sum(items), 0) as items,
        count(distinct buyer_id) as buyers,
        coalesce(sum(line_value), 0) as line_value,
        count(distinct visitor_id) as visitors
    from products_moved
    group by {{ by_period(['product_id']) }} -- noqa: PRS
),

products_counted as (
    select
        merchant_id,
        period,
        period_start,
        count(*) filter (where orders > 0) as products_sold
    from products
    group by all
),

features_used as (
    select
        merchant_id,
        {{ period_starts('event_date') }},
        coalesce(feature, 'unknown') as feature
    from {{ ref('stg_shop__merchant_active') }}
    where action = 'feature_used'
),

features as (
    select
        merchant_id,
        {{ period_of_group() }},
        'feature' as dimension,
        feature as member,
        count(*) as feature_uses
    from features_used
    group by {{ by_period(['feature']) }} -- noqa: PRS
),

measured as (
    select
        spans.merchant_id,
        spans.period,
        spans.period_start,
        'all' as dimension,
        'all' as member,
        coalesce(sold.orders, 0) as orders,
        coalesce(sold.items, 0) as items,
        coalesce(sold.paid, 0) as paid,
        coalesce(people.visitors, 0) as visitors,
        coalesce(people.active_users, 0) as active_users,
        coalesce(people.new_users, 0) as new_users,
        coalesce(sold.buyers, 0) as buyers,
        coalesce(counted.new_buyers, 0) as new_buyers,
        coalesce(products_counted.products_sold, 0) as products_sold,
        coalesce(counted.campaign_orders, 0) as campaign_orders,
        coalesce(counted.coupons_claimed, 0) as coupons_claimed,
        coalesce(counted.packets_sent, 0) as packets_sent,
        coalesce(counted.packet_cost, 0) as packet_cost,
        coalesce(counted.fans_won, 0) as fans_won,
        coalesce(counted.fans_lost, 0) as fans_lost,
        sum(coalesce(counted.fans_won, 0) - coalesce(counted.fans_lost, 0)) over (
            partition by spans.merchant_id, spans.period
            order by spans.period_start
        ) as fans,
        coalesce(sold.refunded, 0) as refunded,
        coalesce(sold.spend, 0) as spend,
        coalesce(counted.commission, 0) as commission,
        coalesce(counted.shares, 0) as shares,
        coalesce(counted.opens, 0) as opens,
        coalesce(counted.shared_orders, 0) as shared_orders,
        coalesce(counted.shared_revenue, 0) as shared_revenue,
        coalesce(counted.messages, 0) as messages,
        coalesce(counted.teams_opened, 0) as teams_opened,
        coalesce(counted.teams_formed, 0) as teams_formed,
        coalesce(counted.lives, 0) as lives,
        coalesce(viewers.live_viewers, 0) as live_viewers,
        coalesce(counted.live_orders, 0) as live_orders,
        coalesce(counted.live_revenue, 0) as live_revenue,
        coalesce(refunded_orders.orders_refunded, 0) as orders_refunded,
        coalesce(counted.fans_blocked, 0) as fans_blocked,
        coalesce(counted.self_shared_orders, 0) as self_shared_orders,
        coalesce(counted.logins, 0) as logins,
        coalesce(counted.feature_uses, 0) as feature_uses,
        coalesce(counted.support_tickets, 0) as support_tickets
    from spans
    left join counted
        on
            spans.merchant_id = counted.merchant_id
            and spans.period = counted.period
            and spans.period_start = counted.period_start
    left join people
        on
            spans.merchant_id = people.merchant_id
            and spans.period = people.period
            and spans.period_start = people.period_start
    left join viewers
        on
            spans.merchant_id = viewers.merchant_id
            and spans.period = viewers.period
            and spans.period_start = viewers.period_start
    left join sold
        on
            spans.merchant_id = sold.merchant_id
            and spans.period = sold.period
            and spans.period_start = sold.period_start
            and sold.dimension = 'all'
    left join refunded_orders
        on
            spans.merchant_id = refunded_orders.merchant_id
            and spans.period = refunded_orders.period
            and spans.period_start = refunded_orders.period_start
    left join products_counted
        on
            spans.merchant_id = products_counted.merchant_id
            and spans.period = products_counted.period
            and spans.period_start = products_counted.period_start
    union all by name
    select
        merchant_id,
        period,
        period_start,
        dimension,
        member,
        orders,
        items,
        paid,
        buyers,
        refunded,
        if(dimension in ('channel', 'campaign'), spend, null) as spend
    from sold
    where
        dimension != 'all'
        and member is not null
        and (orders > 0 or refunded > 0 or spend > 0)
    union all by name
    select * from products
    union all by name
    select * from features
),

final as (
    select
        measured.merchant_id,
        measured.period,
        measured.period_start,
        measured.dimension,
        measured.dimension = 'all' as is_total,
        measured.member,
        spans.period_start >= spans.first_event_date and spans.period_end <= {{ as_of() }} as is_complete,
        cast(measured.orders as bigint) as orders,
        try_cast(measured.items as bigint) as items,
        {{ published_money('measured.paid') }} as paid,
        cast(measured.visitors as bigint) as visitors,
        cast(measured.active_users as bigint) as active_users,
        cast(measured.new_users as bigint) as new_users,
        cast(measured.buyers as bigint) as buyers,
        cast(measured.new_buyers as bigint) as new_buyers,
        cast(measured.products_sold as bigint) as products_sold,
        cast(measured.campaign_orders as bigint) as campaign_orders,
        cast(measured.coupons_claimed as bigint) as coupons_claimed,
        cast(measured.packets_sent as bigint) as packets_sent,
        {{ published_money('measured.packet_cost') }} as packet_cost,
        cast(measured.fans_won as bigint) as fans_won,
        cast(measured.fans_lost as bigint) as fans_lost,
        cast(measured.fans as bigint) as fans,
        {{ published_money('measured.refunded') }} as refunded,
        {{ published_money('measured.paid - measured.refunded') }} as revenue,
        {{ published_money('measured.spend') }} as spend,
        {{ published_money('measured.commission') }} as commission,
        cast(measured.shares as bigint) as shares,
        cast(measured.opens as bigint) as opens,
        cast(measured.shared_orders as bigint) as shared_orders,
        {{ published_money('measured.shared_revenue') }} as shared_revenue,
        cast(measured.messages as bigint) as messages,
        cast(measured.teams_opened as bigint) as teams_opened,
        cast(measured.teams_formed as bigint) as teams_formed,
        cast(measured.lives as bigint) as lives,
        cast(measured.live_viewers as bigint) as live_viewers,
        cast(measured.live_orders as bigint) as live_orders,
        {{ published_money('measured.live_revenue') }} as live_revenue,
        cast(measured.orders_refunded as bigint) as orders_refunded,
        cast(measured.fans_blocked as bigint) as fans_blocked,
        cast(measured.self_shared_orders as bigint) as self_shared_orders,
        cast(measured.logins as bigint) as logins,
        cast(measured.feature_uses as bigint) as feature_uses,
        cast(measured.support_tickets as bigint) as support_tickets,
        {{ published_money('measured.line_value') }} as line_value
    from measured
    inner join spans
        on
            measured.merchant_id = spans.merchant_id
            and measured.period = spans.period
            and measured.period_start = spans.period_start
)

select * from final
order by merchant_id, period, dimension, member, period_start
