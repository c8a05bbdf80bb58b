with scores as (
    select
        merchant_id,
        sharer_id as user_id,
        count(*) filter (where opened_date > {{ as_of() }} - 28) as points,
        count(*) filter (where opened_date between {{ as_of() }} - 34 and {{ as_of() }} - 7) as points_7d_ago
    from {{ ref('int_share_opens_matched') }}
    where opened_date between {{ as_of() }} - 34 and {{ as_of() }}
    group by merchant_id, sharer_id
),

ponds as (
    select
        scores.*,
        'region' as pond_kind,
        users.region as pond_id
    from scores
    inner join {{ ref('users') }} as users
        on
            scores.user_id = users.user_id
            and users.region != 'unknown'
    union all by name
    select
        scores.*,
        'circle' as pond_kind,
        spreaders.circle_id as pond_id
    from scores
    inner join {{ ref('stg_spread_graph__spreaders') }} as spreaders
        on
            scores.merchant_id = spreaders.merchant_id
            and scores.user_id = spreaders.user_id
    union all by name
    select
        scores.*,
        'group' as pond_kind,
        presence.group_id as pond_id
    from scores
    inner join {{ ref('int_group_presence_spells') }} as presence
        on
            scores.merchant_id = presence.merchant_id
            and scores.user_id = presence.user_id
            and presence.joined_at < {{ end_of_as_of() }}
            and (presence.left_at is null or presence.left_at >= {{ end_of_as_of() }})
    inner join {{ ref('group_activity') }} as activity
        on
            presence.group_id = activity.group_id
            and activity.state != 'dead'
),

-- people with the same points are one row, so that a large pond is not compared person by person
levels as (
    select
        merchant_id,
        pond_kind,
        pond_id,
        points,
        points_7d_ago,
        count(*) as people
    from ponds
    group by merchant_id, pond_kind, pond_id, points, points_7d_ago
),

placed as (
    select
        merchant_id,
        pond_kind,
        pond_id,
        points,
        points_7d_ago,
        sum(people) over pond as participants,
        coalesce(sum(people) over (ahead range between unbounded preceding and 1 preceding), 0) as people_ahead,
        coalesce(sum(people) over (ahead range between 1 following and unbounded following), 0) as people_behind,
        min(points) over (ahead range between unbounded preceding and 1 preceding) as points_ahead,
        max(points) over (ahead range between 1 following and unbounded following) as points_behind
    from levels
    window
        pond as (partition by merchant_id, pond_kind, pond_id),
        ahead as (partition by merchant_id, pond_kind, pond_id order by points desc)
),

moves as (
    select
        here.merchant_id,
        here.pond_kind,
        here.pond_id,
        here.points,
        here.points_7d_ago,
        sum(there.people) filter (
            where here.points > there.points and here.points_7d_ago < there.points_7d_ago
        ) as overtakes,
        sum(there.people) filter (
            where here.points < there.points and here.points_7d_ago > there.points_7d_ago
        ) as overtaken
    from levels as here
    inner join levels as there
        on
            here.merchant_id = there.merchant_id
            and here.pond_kind = there.pond_kind
            and here.pond_id = there.pond_id
    group by here.merchant_id, here.pond_kind, here.pond_id, here.points, here.points_7d_ago
),

final as (
    select
        ponds.merchant_id,
        ponds.pond_kind,
        ponds.pond_id,
        ponds.user_id,
        cast(placed.participants as bigint) as participants,
        ponds.points,
        ponds.points_7d_ago,
        cast(1 + placed.people_ahead as bigint) as rank,
        {{ ratio('placed.people_behind', 'placed.participants - 1') }} as percentile,
        placed.points_ahead - ponds.points as gap_to_next,
        ponds.points - placed.points_behind as gap_behind,
        cast(coalesce(moves.overtakes, 0) as bigint) as overtakes_7d,
        cast(coalesce(moves.overtaken, 0) as bigint) as overtaken_7d
    from ponds
    inner join placed
        using (merchant_id, pond_kind, pond_id, points, points_7d_ago)
    inner join moves
        using (merchant_id, pond_kind, pond_id, points, points_7d_ago)
    where placed.participants >= 3
)

select * from final
order by merchant_id, pond_kind, pond_id, user_id
