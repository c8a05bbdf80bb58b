with follows as (
    select
        merchant_id,
        user_id,
        coalesce(channel, 'unknown') as channel,
        {{ month_of('event_date') }} as month
    from {{ ref('stg_shop__fan_followed') }}
    qualify row_number() over (partition by merchant_id, user_id order by event_time, event_id, event_source) = 1
),

buyers as (
    select
        merchant_id,
        user_id,
        sum(net) as net
    from {{ ref('int_orders_netted') }}
    group by merchant_id, user_id
),

spend as (
    select
        merchant_id,
        coalesce(channel, 'unknown') as channel,
        {{ month_of('event_date') }} as month,
        sum(amount) as spend
    from {{ ref('stg_shop__spend_recorded') }}
    where merchant_id is not null
    group by all
),

won as (
    select
        follows.merchant_id,
        follows.channel,
        follows.month,
        count(*) as new_fans,
        count(buyers.user_id) as new_buyers,
        sum(buyers.net) as revenue
    from follows
    left join buyers
        on
            follows.merchant_id = buyers.merchant_id
            and follows.user_id = buyers.user_id
    group by all
),

final as (
    select
        coalesce(spend.merchant_id, won.merchant_id) as merchant_id,
        coalesce(spend.channel, won.channel) as channel,
        coalesce(spend.month, won.month) as month,
        cast(try_strptime(coalesce(spend.month, won.month) || '-01', '%Y-%m-%d') as date) as month_start,
        {{ published_money('coalesce(spend.spend, 0)') }} as spend,
        coalesce(won.new_fans, 0) as new_fans,
        coalesce(won.new_buyers, 0) as new_buyers,
        {{ published_money('coalesce(won.revenue, 0)') }} as revenue
    from spend
    full outer join won
        on
            spend.merchant_id = won.merchant_id
            and spend.channel = won.channel
            and spend.month = won.month
)

select * from final
order by merchant_id, channel, month
