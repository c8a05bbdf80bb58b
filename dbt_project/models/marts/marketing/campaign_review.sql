with campaigns as (
    select
        *,
        case
            when ends_at is null then 'unplanned'
            when ends_at <= {{ end_of_as_of() }} then 'ended'
            when starts_at < {{ end_of_as_of() }} then 'running'
            else 'planned'
        end as status
    from {{ ref('int_campaigns_enumerated') }}
),

orders as (
    select
        campaigns.merchant_id,
        campaigns.campaign_id,
        orders.user_id,
        orders.paid,
        orders.net,
        orders.is_first_order,
        campaigns.status = 'unplanned'
        or (orders.paid_at >= campaigns.starts_at and orders.paid_at < campaigns.ends_at) as is_within
    from campaigns
    inner join {{ ref('int_orders_netted') }} as orders
        on
            campaigns.merchant_id = orders.merchant_id
            and campaigns.campaign_id = orders.campaign_id
),

sales as (
    select
        merchant_id,
        campaign_id,
        count(*) filter (where is_within) as orders,
        count(*) filter (where not is_within) as stray_orders,
        count(distinct user_id) filter (where is_within) as buyers,
        count(*) filter (where is_within and is_first_order) as new_buyers,
        sum(paid) filter (where is_within) as paid,
        sum(net) filter (where is_within) as net
    from orders
    group by merchant_id, campaign_id
),

spend as (
    select
        merchant_id,
        campaign_id,
        sum(amount) as spend
    from {{ ref('stg_shop__spend_recorded') }}
    group by merchant_id, campaign_id
),

measured as (
    select
        campaigns.merchant_id,
        campaigns.campaign_id,
        campaigns.title,
        campaigns.starts_at,
        campaigns.ends_at,
        campaigns.budget,
        campaigns.target_orders,
        campaigns.target_revenue,
        campaigns.status,
        coalesce(sales.orders, 0) as orders,
        coalesce(sales.stray_orders, 0) as stray_orders,
        coalesce(sales.buyers, 0) as buyers,
        coalesce(sales.new_buyers, 0) as new_buyers,
        coalesce(sales.paid, 0) as paid,
        coalesce(sales.net, 0) as revenue,
        coalesce(spend.spend, 0) as spend,
        coalesce(steps.steps_planned, 0) as steps_planned,
        coalesce(steps.steps_seen, 0) as steps_seen,
        steps.steps_missing,
        coalesce(arms.treated, 0) as treated,
        coalesce(arms.holdout, 0) as holdout,
        coalesce(arms.treated_buyers, 0) as treated_buyers,
        coalesce(arms.holdout_buyers, 0) as holdout_buyers
    from campaigns
    left join sales
        on
            campaigns.merchant_id = sales.merchant_id
            and campaigns.campaign_id = sales.campaign_id
    left join spend
        on
            campaigns.merchant_id = spend.merchant_id
            and campaigns.campaign_id = spend.campaign_id
    left join {{ ref('int_campaign_steps_counted') }} as steps
        on
            campaigns.merchant_id = steps.merchant_id
            and campaigns.campaign_id = steps.campaign_id
    left join {{ ref('int_campaign_arms_counted') }} as arms
        on
            campaigns.merchant_id = arms.merchant_id
            and campaigns.campaign_id = arms.campaign_id
),

rates as (
    select
        *,
        {{ ratio('treated_buyers', 'treated') }} as treated_rate,
        {{ wilson_lo('treated_buyers', 'treated') }} as treated_lo,
        {{ wilson_hi('treated_buyers', 'treated') }} as treated_hi,
        {{ ratio('holdout_buyers', 'holdout') }} as holdout_rate,
        {{ wilson_lo('holdout_buyers', 'holdout') }} as holdout_lo,
        {{ wilson_hi('holdout_buyers', 'holdout') }} as holdout_hi,
        {{ ratio('steps_seen', 'steps_planned') }} as tracking_coverage
    from measured
),

final as (
    select
        merchant_id,
        campaign_id,
        title,
        starts_at,
        ends_at,
        budget,
        target_orders,
        target_revenue,
        status,
        orders,
        stray_orders,
        buyers,
        new_buyers,
        {{ published_money('paid') }} as paid,
        {{ published_money('revenue') }} as revenue,
        {{ published_money('spend') }} as spend,
        {{ ratio('revenue - spend', 'spend') }} as roi,
        {{ ratio('spend', 'new_buyers') }} as cost_per_new_buyer,
        steps_planned,
        steps_seen,
        steps_missing,
        tracking_coverage,
        treated,
        holdout,
        treated_buyers,
        holdout_buyers,
        treated_rate - holdout_rate as uplift,
        {{ newcombe_lo('treated_rate', 'treated_lo', 'holdout_rate', 'holdout_hi') }} as uplift_lo,
        {{ newcombe_hi('treated_rate', 'treated_hi', 'holdout_rate', 'holdout_lo') }} as uplift_hi,
        (treated_rate - holdout_rate) * treated as incremental_buyers,
        case
            when status in ('unplanned', 'planned') then status
            when coalesce(tracking_coverage, 0) < 0.8 then 'untracked'
            when status = 'running' then 'running'
            when target_orders is null and target_revenue is null then 'no_target'
            when coalesce(orders >= target_orders, true) and coalesce(revenue >= target_revenue, true) then 'met'
            else 'missed'
        end as verdict
    from rates
)

select * from final
order by merchant_id, campaign_id
