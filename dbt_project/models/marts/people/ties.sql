with given as (
    select
        merchant_id,
        opener_id as user_id,
        sharer_id as friend_id,
        opened_date as date,
        'open' as kind,
        1 as points,
        0 as dwell_ms
    from {{ ref('int_share_opens_matched') }}
    union all by name
    select
        merchant_id,
        user_id,
        answered_user_id as friend_id,
        replied_date as date,
        'reply' as kind,
        2 as points,
        0 as dwell_ms
    from {{ ref('int_replies_matched') }}
    where merchant_id is not null
    union all by name
    select
        orders.merchant_id,
        orders.user_id,
        shares.user_id as friend_id,
        orders.paid_date as date,
        'order' as kind,
        5 as points,
        0 as dwell_ms
    from {{ ref('int_orders_deduplicated') }} as orders
    inner join {{ ref('int_shares_deduplicated') }} as shares
        on
            orders.merchant_id = shares.merchant_id
            and orders.via_share_id = shares.share_id
            and orders.user_id != shares.user_id
    union all by name
    select
        views.merchant_id,
        views.user_id,
        shares.user_id as friend_id,
        views.event_date as date,
        'view' as kind,
        0 as points,
        coalesce(views.dwell_ms, 0) as dwell_ms
    from {{ ref('stg_shop__page_viewed') }} as views
    inner join {{ ref('int_shares_deduplicated') }} as shares
        on
            views.merchant_id = shares.merchant_id
            and views.via_share_id = shares.share_id
            and views.user_id != shares.user_id
),

weighted as (
    select
        merchant_id,
        user_id,
        friend_id,
        count(*) filter (where kind = 'open') as opens,
        count(*) filter (where kind = 'reply') as replies,
        count(*) filter (where kind = 'order') as orders,
        sum(dwell_ms) / 1000 as dwell_seconds,
        {{ exact_sum('exp(-(' ~ as_of() ~ ' - date) / 30) * points') }} + ln(1 + sum(dwell_ms) / 1000) as weight
    from given
    where date > {{ as_of() }} - 90
    group by merchant_id, user_id, friend_id
),

final as (
    select
        ties.merchant_id,
        ties.user_id,
        ties.friend_id,
        ties.opens,
        ties.replies,
        ties.orders,
        ties.dwell_seconds,
        ties.weight,
        coalesce(reverse.weight, 0) as reverse_weight,
        row_number() over (
            partition by ties.merchant_id, ties.user_id order by round(ties.weight, 9) desc, ties.friend_id
        ) as tie_rank
    from weighted as ties
    left join weighted as reverse
        on
            ties.merchant_id = reverse.merchant_id
            and ties.user_id = reverse.friend_id
            and ties.friend_id = reverse.user_id
    where ties.weight > 0
)

select * from final
order by merchant_id, user_id, friend_id
