-- The channel on which a merchant spent most for a campaign; the smaller name of two alike.
with spend as (
    select
        merchant_id,
        campaign_id,
        channel,
        sum(amount) as spend
    from {{ ref('stg_shop__spend_recorded') }}
    where
        merchant_id is not null
        and campaign_id is not null
    group by merchant_id, campaign_id, channel
),

ranked as (
    select
        merchant_id,
        campaign_id,
        channel
    from spend
    qualify row_number() over (partition by merchant_id, campaign_id order by spend desc, channel asc) = 1
)

select * from ranked
