with results as (
    select * from {{ ref('int_live_results_placed') }}
),

-- what each share brought, and the shares above it
through_shares as (
    select
        live_id,
        via_share_id,
        sum(viewers) as viewers,
        sum(orders) as orders,
        sum(net) as revenue
    from results
    where via_share_id is not null
    group by live_id, via_share_id
),

subtrees as (
    select
        paths.live_id,
        paths.merchant_id,
        paths.depth + 1 as layer,
        paths.user_id as spreader_id,
        sum(through_shares.viewers) as subtree_viewers,
        sum(through_shares.orders) as subtree_orders,
        sum(through_shares.revenue) as subtree_revenue
    from through_shares
    inner join {{ ref('int_live_share_paths_walked') }} as paths
        on
            through_shares.live_id = paths.live_id
            and through_shares.via_share_id = paths.via_share_id
    group by paths.live_id, paths.merchant_id, layer, spreader_id
),

counted as (
    select
        live_id,
        merchant_id,
        depth + 1 as layer,
        user_id as spreader_id,
        count(*) as shares
    from {{ ref('int_live_shares_matched') }}
    group by live_id, merchant_id, layer, spreader_id
    union all by name
    select
        live_id,
        merchant_id,
        layer,
        spreader_id,
        viewers,
        watch_microseconds,
        orders,
        net
    from results
    union all by name
    select * from subtrees
),

final as (
    select
        live_id,
        cast(layer as bigint) as layer,
        spreader_id,
        merchant_id,
        cast(coalesce(sum(shares), 0) as bigint) as shares,
        cast(coalesce(sum(viewers), 0) as bigint) as viewers,
        cast(coalesce(sum(watch_microseconds), 0) / 1e6 as double) as watch_seconds,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        {{ published_money('coalesce(sum(net), 0)') }} as revenue,
        case when layer > 0 then cast(coalesce(sum(subtree_viewers), 0) as bigint) end as subtree_viewers,
        case when layer > 0 then cast(coalesce(sum(subtree_orders), 0) as bigint) end as subtree_orders,
        case when layer > 0 then {{ published_money('coalesce(sum(subtree_revenue), 0)') }} end as subtree_revenue
    from counted
    group by live_id, layer, spreader_id, merchant_id
)

select * from final
order by live_id, layer, spreader_id
