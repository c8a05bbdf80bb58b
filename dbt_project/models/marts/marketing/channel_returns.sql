with arrivals as (
    select * from {{ ref('int_arrivals_followed') }}
),

sales as (
    select * from {{ ref('int_sales_moved') }}
),

channels as (
    select * from {{ ref('int_channels_valid') }}
),

measures as (
    select
        merchant_id,
        date_trunc('month', arrived_date) as month_start,
        channel,
        count(*) as arrivals,
        count(settled_at) as settled,
        count(*) filter (where last_order_at >= settled_at) as settled_buyers,
        count(*) filter (where order_dates >= 1) as buyers,
        count(*) filter (where order_dates >= 2) as repeat_buyers,
        sum(net) as arrival_revenue
    from arrivals
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', moved_date) as month_start,
        channel,
        count(buyer_id) as orders,
        sum(moved) as revenue
    from sales
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', event_date) as month_start,
        channel,
        sum(amount) as spend
    from {{ ref('stg_shop__spend_recorded') }}
    where merchant_id is not null
    group by all
),

summed as (
    select
        measures.merchant_id,
        measures.month_start,
        measures.channel,
        coalesce(any_value(channels.domain), 'unknown') as domain,
        coalesce(any_value(channels.is_paid), false) as is_paid,
        coalesce(sum(measures.arrivals), 0) as arrivals,
        coalesce(sum(measures.settled), 0) as settled,
        coalesce(sum(measures.settled_buyers), 0) as settled_buyers,
        coalesce(sum(measures.buyers), 0) as buyers,
        coalesce(sum(measures.repeat_buyers), 0) as repeat_buyers,
        coalesce(sum(measures.arrival_revenue), 0) as arrival_revenue,
        coalesce(sum(measures.orders), 0) as orders,
        coalesce(sum(measures.revenue), 0) as revenue,
        coalesce(sum(measures.spend), 0) as spend
    from measures
    left join channels
        on measures.channel = channels.channel
    group by measures.merchant_id, measures.month_start, measures.channel
),

converted as (
    select
        *,
        {{ ratio('buyers', 'arrivals') }} as conversion,
        max(conversion) filter (where is_paid) over (partition by merchant_id, month_start) as best_paid_conversion
    from summed
    where arrivals != 0 or orders != 0 or revenue != 0 or spend != 0
),

final as (
    select
        merchant_id,
        {{ month_of('month_start') }} as month,
        cast(month_start as date) as month_start,
        channel,
        domain,
        is_paid,
        cast(arrivals as bigint) as arrivals,
        cast(settled as bigint) as settled,
        cast(settled_buyers as bigint) as settled_buyers,
        cast(buyers as bigint) as buyers,
        conversion,
        {{ wilson_lo('buyers', 'arrivals') }} as conversion_lo,
        {{ wilson_hi('buyers', 'arrivals') }} as conversion_hi,
        {{ ratio('conversion', 'best_paid_conversion') }} as relative_conversion,
        cast(repeat_buyers as bigint) as repeat_buyers,
        {{ ratio('repeat_buyers', 'buyers') }} as repurchase_rate,
        {{ wilson_lo('repeat_buyers', 'buyers') }} as repurchase_rate_lo,
        {{ wilson_hi('repeat_buyers', 'buyers') }} as repurchase_rate_hi,
        {{ published_money('arrival_revenue') }} as arrival_revenue,
        cast(orders as bigint) as orders,
        {{ published_money('revenue') }} as revenue,
        {{ published_money('spend') }} as spend,
        {{ ratio('revenue', 'spend') }} - 1 as roi,
        {{ ratio('spend', 'buyers') }} as cost_per_buyer
    from converted
)

select * from final
order by merchant_id, month, channel
