-- Which channel a share of a live goes back to: that of the money spent on it or on the nearest share above it; else, where the
-- maker of its root had come to the live before, that of their arrival, which may go back further; else it is a fan's own.
with recursive bought as (
    select
        live_id,
        share_id,
        arg_min(channel, row(event_time, event_id, event_source)) as channel
    from {{ ref('int_live_spend_matched') }}
    where share_id is not null
    group by live_id, share_id
),

shares as (
    select
        paths.live_id,
        paths.via_share_id,
        arg_min(bought.channel, paths.step) filter (where bought.share_id is not null) as bought_channel,
        coalesce(bool_or(bought.share_id is not null) filter (where paths.step = 0), false) as is_bought,
        max(paths.depth) as depth,
        max(paths.user_id) filter (where paths.step = 0) as maker_id,
        max(paths.user_id) filter (where paths.depth = 0) as root_maker_id,
        max(paths.shared_at) filter (where paths.depth = 0) as root_shared_at
    from {{ ref('int_live_share_paths_walked') }} as paths
    left join bought
        on
            paths.live_id = bought.live_id
            and paths.share_id = bought.share_id
    group by paths.live_id, paths.via_share_id
),

followed as (
    select
        shares.live_id,
        shares.via_share_id,
        shares.is_bought,
        shares.depth,
        shares.maker_id,
        case
            when shares.bought_channel is not null then shares.bought_channel
            when arrivals.user_id is null then 'fan_share'
            when arrivals.via_share_id is null then coalesce(arrivals.channel, 'unknown')
        end as channel,
        arrivals.via_share_id as earlier_share_id
    from shares
    left join {{ ref('int_live_arrivals_followed') }} as arrivals
        on
            shares.live_id = arrivals.live_id
            and shares.root_maker_id = arrivals.user_id
            and shares.root_shared_at > arrivals.arrived_at
),

resolved as (
    select
        live_id,
        via_share_id,
        is_bought,
        depth,
        maker_id,
        channel
    from followed
    where channel is not null
    union all
    -- each step leads to later shares, so it ends
    select
        followed.live_id,
        followed.via_share_id,
        followed.is_bought,
        followed.depth,
        followed.maker_id,
        resolved.channel
    from resolved
    inner join followed
        on
            resolved.live_id = followed.live_id
            and resolved.via_share_id = followed.earlier_share_id
    where followed.channel is null
)

select * from resolved
