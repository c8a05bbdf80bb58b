with lives as (
    select * from {{ ref('int_lives_bounded') }}
),

viewers as (
    select
        live_id,
        user_id
    from {{ ref('int_live_arrivals_followed') }}
),

called as (
    select distinct
        lives.live_id,
        coalesce(outreach.channel, outreach.kind) as channel,
        outreach.user_id
    from lives
    inner join {{ ref('stg_shop__outreach_made') }} as outreach
        on
            lives.live_id = outreach.live_id
            and lives.merchant_id = outreach.merchant_id
            and lives.started_at > outreach.event_time
),

waiting as (
    select distinct
        lives.live_id,
        coalesce(reservations.channel, 'unknown') as channel,
        reservations.user_id
    from lives
    inner join {{ ref('stg_stream__live_reserved') }} as reservations
        on
            lives.live_id = reservations.live_id
            and lives.started_at > reservations.event_time
),

counted as (
    select
        live_id,
        channel,
        sum(amount) as spend
    from {{ ref('int_live_spend_matched') }}
    group by live_id, channel
    union all by name
    select
        called.live_id,
        called.channel,
        count(*) as invited,
        count(viewers.user_id) as invited_arrived
    from called
    left join viewers
        on
            called.live_id = viewers.live_id
            and called.user_id = viewers.user_id
    group by called.live_id, called.channel
    union all by name
    select
        waiting.live_id,
        waiting.channel,
        count(*) as reserved,
        count(viewers.user_id) as reserved_arrived
    from waiting
    left join viewers
        on
            waiting.live_id = viewers.live_id
            and waiting.user_id = viewers.user_id
    group by waiting.live_id, waiting.channel
    union all by name
    select
        live_id,
        channel,
        sum(viewers) filter (where is_direct) as arrivals,
        sum(viewers) as viewers,
        sum(watch_microseconds) as watch_microseconds,
        sum(net) filter (where is_direct) as direct_revenue,
        sum(orders) as orders,
        sum(net) as revenue
    from {{ ref('int_live_results_placed') }}
    group by live_id, channel
),

summed as (
    select
        live_id,
        channel,
        coalesce(sum(spend), 0) as spend,
        {%- for name in ['invited', 'invited_arrived', 'reserved', 'reserved_arrived', 'arrivals', 'viewers', 'orders'] %}
            cast(coalesce(sum({{ name }}), 0) as bigint) as {{ name }},
        {%- endfor %}
        cast(coalesce(sum(watch_microseconds), 0) / 1e6 as double) as watch_seconds,
        coalesce(sum(direct_revenue), 0) as direct_revenue,
        coalesce(sum(revenue), 0) as revenue
    from counted
    group by live_id, channel
),

final as (
    select
        summed.live_id,
        summed.channel,
        lives.merchant_id,
        {{ business_date('lives.started_at') }} as started_date,
        {{ published_money('summed.spend') }} as spend,
        summed.invited,
        summed.invited_arrived,
        {{ ratio('summed.invited_arrived', 'summed.invited') }} as arrived_rate,
        {{ wilson_lo('summed.invited_arrived', 'summed.invited') }} as arrived_rate_lo,
        {{ wilson_hi('summed.invited_arrived', 'summed.invited') }} as arrived_rate_hi,
        summed.reserved,
        summed.reserved_arrived,
        {{ ratio('summed.reserved_arrived', 'summed.reserved') }} as show_rate,
        {{ wilson_lo('summed.reserved_arrived', 'summed.reserved') }} as show_rate_lo,
        {{ wilson_hi('summed.reserved_arrived', 'summed.reserved') }} as show_rate_hi,
        summed.arrivals,
        summed.viewers,
        summed.watch_seconds,
        {{ published_money('summed.direct_revenue') }} as direct_revenue,
        summed.orders,
        {{ published_money('summed.revenue') }} as revenue,
        {{ ratio('summed.spend', 'summed.arrivals') }} as cost_per_arrival,
        {{ ratio('summed.revenue', 'summed.spend') }} as return_on_spend,
        case
            when summed.spend = 0 then 'no_spend'
            when summed.direct_revenue >= summed.spend then 'paid_back'
            when summed.revenue >= summed.spend then 'paid_back_by_spread'
            else 'not_paid_back'
        end as verdict
    from summed
    inner join lives
        on summed.live_id = lives.live_id
)

select * from final
order by live_id, channel
