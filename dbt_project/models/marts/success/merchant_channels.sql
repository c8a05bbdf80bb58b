with months as (
    select *
    from {{ ref('channel_returns') }}
    where month_start > date_trunc('month', {{ as_of() }}) - to_months({{ var('channel_months') }})
),

summed as (
    select
        merchant_id,
        channel,
        any_value(domain) as domain,
        any_value(is_paid) as is_paid,
        sum(arrivals) as arrivals,
        sum(settled) as settled,
        sum(buyers) as buyers,
        sum(repeat_buyers) as repeat_buyers,
        sum(orders) as orders,
        -- what did not fit a month does not fit all of them
        if(count(revenue) = count(*), sum(revenue), null) as revenue,
        if(count(spend) = count(*), sum(spend), null) as spend
    from months
    group by merchant_id, channel
),

rated as (
    select
        *,
        {{ ratio('buyers', 'arrivals') }} as conversion,
        {{ wilson_lo('buyers', 'arrivals') }} as conversion_lo,
        {{ wilson_hi('buyers', 'arrivals') }} as conversion_hi,
        {{ ratio('repeat_buyers', 'buyers') }} as repurchase_rate,
        {{ wilson_lo('repeat_buyers', 'buyers') }} as repurchase_rate_lo,
        {{ wilson_hi('repeat_buyers', 'buyers') }} as repurchase_rate_hi,
        {{ ratio('sum(buyers) over of_merchant', 'sum(arrivals) over of_merchant') }} as usual_conversion,
        {{ ratio('sum(repeat_buyers) over of_merchant', 'sum(buyers) over of_merchant') }} as usual_repurchase
    from summed
    window of_merchant as (partition by merchant_id)
),

final as (
    select
        merchant_id,
        channel,
        domain,
        is_paid,
        cast(arrivals as bigint) as arrivals,
        cast(settled as bigint) as settled,
        cast(buyers as bigint) as buyers,
        conversion,
        conversion_lo,
        conversion_hi,
        cast(repeat_buyers as bigint) as repeat_buyers,
        repurchase_rate,
        repurchase_rate_lo,
        repurchase_rate_hi,
        cast(orders as bigint) as orders,
        {{ published_money('revenue') }} as revenue,
        {{ published_money('spend') }} as spend,
        {{ ratio('revenue', 'spend') }} - 1 as roi,
        case
            when arrivals < {{ var('channel_people') }} then 'few'
            when conversion_hi < usual_conversion and repurchase_rate_lo > usual_repurchase then 'loyal'
            when conversion_hi < usual_conversion then 'weak'
            when conversion_lo > usual_conversion then 'strong'
            else 'usual'
        end as verdict
    from rated
)

select * from final
order by merchant_id, channel
