-- Every campaign of a merchant with its latest plan, of which the instants are null where there is none.
with plans as (
    select
        merchant_id,
        campaign_id,
        starts_at,
        ends_at,
        title,
        budget,
        target_orders,
        target_revenue,
        steps
    from {{ ref('stg_shop__campaign_planned') }}
    qualify row_number() over (
        partition by merchant_id, campaign_id
        order by event_time desc, event_id desc, event_source desc
    ) = 1
),

named as (
    select
        merchant_id,
        campaign_id
    from plans
    union
    select
        merchant_id,
        campaign_id
    from {{ ref('int_orders_deduplicated') }}
    union
    select
        merchant_id,
        campaign_id
    from {{ ref('stg_shop__spend_recorded') }}
    union
    select
        merchant_id,
        campaign_id
    from {{ ref('int_red_packets_deduplicated') }}
),

final as (
    select
        named.merchant_id,
        named.campaign_id,
        plans.starts_at,
        plans.ends_at,
        plans.title,
        plans.budget,
        plans.target_orders,
        plans.target_revenue,
        plans.steps
    from named
    left join plans
        on
            named.merchant_id = plans.merchant_id
            and named.campaign_id = plans.campaign_id
    where
        named.merchant_id is not null
        and named.campaign_id is not null
)

select * from final
