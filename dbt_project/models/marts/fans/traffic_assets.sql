with months as (
    select
        merchant_id,
        date_trunc('month', window_end) as month_start,
        window_end as closed_on
    from {{ ref('int_windows_enumerated') }}
    where kind = 'month'
),

spells as (
    select * from {{ ref('int_fan_spells_classified') }}
),

active_months as (
    select distinct
        merchant_id,
        user_id,
        date_trunc('month', active_date) as month_start
    from {{ ref('int_activities_sequenced') }}
),

first_orders as (
    select * from {{ ref('int_buyers_first_orders') }}
),

brought as (
    select * from {{ ref('int_buyers_brought') }}
),

movements as (
    select * from {{ ref('int_payments_and_refunds_unioned') }}
),

shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

measures as (
    select
        merchant_id,
        month_start,
        closed_on
    from months
    union all by name
    select
        merchant_id,
        date_trunc('month', started_date) as month_start,
        count(*) filter (where won_by = 'direct') as won_direct,
        count(*) filter (where won_by = 'fission') as won_fission,
        count(*) filter (where won_by = 'regained') as regained
    from spells
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', ended_date) as month_start,
        count(*) filter (where ended_by = 'unfollow') as lost_unfollowed,
        count(*) filter (where ended_by = 'block') as lost_blocked
    from spells
    where ended_date is not null
    group by all
    union all by name
    select
        months.merchant_id,
        months.month_start,
        count(*) as active_fans
    from months
    inner join active_months
        on
            months.merchant_id = active_months.merchant_id
            and months.month_start = active_months.month_start
    inner join spells
        on
            active_months.merchant_id = spells.merchant_id
            and active_months.user_id = spells.user_id
            and months.closed_on >= spells.started_date
            and {{ is_before_end('months.closed_on', 'spells.ended_date') }}
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', date) as month_start,
        sum(if(is_reachable, 1, -1)) as reachable_gained
    from {{ ref('int_fans_reachable_dated') }}
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', since_date) as month_start,
        count(*) filter (where relation = 'social') as social_gained,
        count(*) filter (where relation = 'spread') as spread_gained
    from {{ ref('int_relations_dated') }}
    group by all
    union all by name
    select
        movements.merchant_id,
        date_trunc('month', movements.moved_date) as month_start,
        sum(movements.amount) as revenue,
        sum(movements.amount) filter (where shares.share_id is not null) as shared_revenue
    from movements
    left join shares
        on
            movements.merchant_id = shares.merchant_id
            and movements.via_share_id = shares.share_id
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', first_order_date) as month_start,
        count(*) as new_buyers
    from first_orders
    group by all
    union all by name
    select
        merchant_id,
        date_trunc('month', bringer_first_order_date) as month_start,
        count(distinct bringer_id) as bringing_buyers,
        count(*) as brought_buyers
    from brought
    group by all
),

summed as (
    select
        merchant_id,
        month_start,
        max(closed_on) as closed_on,
        coalesce(sum(won_direct), 0) as won_direct,
        coalesce(sum(won_fission), 0) as won_fission,
        coalesce(sum(regained), 0) as regained,
        coalesce(sum(lost_unfollowed), 0) as lost_unfollowed,
        coalesce(sum(lost_blocked), 0) as lost_blocked,
        coalesce(sum(active_fans), 0) as active_fans,
        coalesce(sum(reachable_gained), 0) as reachable_gained,
        coalesce(sum(social_gained), 0) as social_gained,
        coalesce(sum(spread_gained), 0) as spread_gained,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(shared_revenue), 0) as shared_revenue,
        coalesce(sum(new_buyers), 0) as new_buyers,
        coalesce(sum(bringing_buyers), 0) as bringing_buyers,
        coalesce(sum(brought_buyers), 0) as brought_buyers
    from measures
    group by merchant_id, month_start
),

stocked as (
    select
        *,
        sum(won_direct + won_fission + regained - lost_unfollowed - lost_blocked) over up_to as closing_fans,
        sum(reachable_gained) over up_to as reachable_fans,
        sum(new_buyers) over up_to as trade_relations,
        sum(social_gained) over up_to as social_relations,
        sum(spread_gained) over up_to as spread_relations
    from summed
    window up_to as (partition by merchant_id order by month_start rows unbounded preceding)
),

final as (
    select
        merchant_id,
        {{ month_of('month_start') }} as month,
        cast(month_start as date) as month_start,
        cast(
            closing_fans - won_direct - won_fission - regained + lost_unfollowed + lost_blocked as bigint
        ) as opening_fans,
        cast(won_direct as bigint) as won_direct,
        cast(won_fission as bigint) as won_fission,
        cast(regained as bigint) as regained,
        cast(lost_unfollowed as bigint) as lost_unfollowed,
        cast(lost_blocked as bigint) as lost_blocked,
        cast(closing_fans as bigint) as closing_fans,
        cast(active_fans as bigint) as active_fans,
        cast(reachable_fans as bigint) as reachable_fans,
        {{ ratio('reachable_fans', 'closing_fans') }} as reachable_share,
        {{ wilson_lo('reachable_fans', 'closing_fans') }} as reachable_share_lo,
        {{ wilson_hi('reachable_fans', 'closing_fans') }} as reachable_share_hi,
        cast(trade_relations as bigint) as trade_relations,
        cast(social_relations as bigint) as social_relations,
        cast(spread_relations as bigint) as spread_relations,
        {{ published_money('revenue') }} as revenue,
        {{ published_money('shared_revenue') }} as shared_revenue,
        {{ ratio('shared_revenue', 'revenue') }} as shared_revenue_share,
        cast(new_buyers as bigint) as new_buyers,
        cast(bringing_buyers as bigint) as bringing_buyers,
        {{ ratio('bringing_buyers', 'new_buyers') }} as bringing_rate,
        {{ wilson_lo('bringing_buyers', 'new_buyers') }} as bringing_rate_lo,
        {{ wilson_hi('bringing_buyers', 'new_buyers') }} as bringing_rate_hi,
        cast(brought_buyers as bigint) as brought_buyers,
        {{ ratio('brought_buyers', 'new_buyers') }} as reproduction,
        last_day(month_start) + 30 <= {{ as_of() }} as is_fission_complete
    from stocked
    where closed_on is not null
)

select * from final
order by merchant_id, month
