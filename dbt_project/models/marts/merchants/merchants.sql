with merchants as (
    select * from {{ ref('int_merchants_first_seen') }}
),

records as (
    select
        *,
        min(event_time) over (partition by merchant_id) as onboarded_at
    from {{ ref('stg_shop__merchant_onboarded') }}
    qualify row_number() over (partition by merchant_id order by event_time desc, event_id desc, event_source desc) = 1
),

moved as (
    select
        merchant_id,
        sum(abs(amount)) as amount
    from {{ ref('int_payments_and_refunds_unioned') }}
    group by merchant_id
),

live as (
    select * from {{ ref('int_merchants_gone_live') }}
),

final as (
    select
        merchants.merchant_id,
        records.name,
        records.category,
        coalesce(records.region, 'unknown') as region,
        records.city_tier,
        records.plan,
        records.account_manager,
        records.onboarded_at,
        merchants.first_event_at,
        {{ fits_the_marts('moved.amount') }} as is_money_complete,
        live.go_live_on,
        cast(live.days_to_10k as integer) as days_to_10k,
        cast(live.days_to_100k as integer) as days_to_100k,
        live.days_to_10k_slower_share
    from merchants
    left join records
        on merchants.merchant_id = records.merchant_id
    left join moved
        on merchants.merchant_id = moved.merchant_id
    left join live
        on merchants.merchant_id = live.merchant_id
)

select * from final
order by merchant_id
