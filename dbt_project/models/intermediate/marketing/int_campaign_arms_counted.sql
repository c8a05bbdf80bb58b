-- A person belongs to the arm of their earliest assignment, and to none if the campaign was over by then.
with assignments as (
    select
        merchant_id,
        campaign_id,
        user_id,
        event_time as assigned_at,
        variant = 'control' as is_holdout
    from {{ ref('stg_shop__campaign_assigned') }}
    qualify row_number() over (
        partition by merchant_id, campaign_id, user_id
        order by event_time, event_id, event_source
    ) = 1
),

assigned as (
    select
        assignments.merchant_id,
        assignments.campaign_id,
        assignments.user_id,
        assignments.is_holdout,
        greatest(assignments.assigned_at, campaigns.starts_at) as bought_from,
        campaigns.ends_at
    from assignments
    inner join {{ ref('int_campaigns_enumerated') }} as campaigns
        on
            assignments.merchant_id = campaigns.merchant_id
            and assignments.campaign_id = campaigns.campaign_id
            and assignments.assigned_at < campaigns.ends_at
),

buyers as (
    select distinct
        assigned.merchant_id,
        assigned.campaign_id,
        assigned.user_id
    from assigned
    inner join {{ ref('int_orders_deduplicated') }} as orders
        on
            assigned.merchant_id = orders.merchant_id
            and assigned.user_id = orders.user_id
            and assigned.bought_from <= orders.paid_at
            and assigned.ends_at > orders.paid_at
),

final as (
    select
        assigned.merchant_id,
        assigned.campaign_id,
        count(*) filter (where not assigned.is_holdout) as treated,
        count(*) filter (where assigned.is_holdout) as holdout,
        count(buyers.user_id) filter (where not assigned.is_holdout) as treated_buyers,
        count(buyers.user_id) filter (where assigned.is_holdout) as holdout_buyers
    from assigned
    left join buyers
        on
            assigned.merchant_id = buyers.merchant_id
            and assigned.campaign_id = buyers.campaign_id
            and assigned.user_id = buyers.user_id
    group by assigned.merchant_id, assigned.campaign_id
)

select * from final
