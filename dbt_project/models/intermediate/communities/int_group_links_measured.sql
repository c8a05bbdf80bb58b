-- How closely the members of a chat group of 2 to 500 are linked: pairs of which one opened a share of the other's at the
-- group's merchant (at any, if it has none) or answered the other here in the last 90 days, and how often a friend's friend
-- is a friend: three times the triangles over the pairs of links that meet in a member.
with members as (
    select * from {{ ref('int_group_members_present') }}
    qualify count(*) over (partition by group_id) between 2 and 500
),

opens as (
    select distinct
        merchant_id,
        opener_id,
        sharer_id
    from {{ ref('int_share_opens_matched') }}
    where opened_date > {{ as_of() }} - 90
),

-- An `or` of the two would join by the person alone.
opened_here as (
    select
        openers.group_id,
        opens.opener_id,
        opens.sharer_id
    from opens
    inner join members as openers
        on
            opens.merchant_id = openers.merchant_id
            and opens.opener_id = openers.user_id
    union all
    select
        openers.group_id,
        opens.opener_id,
        opens.sharer_id
    from opens
    inner join members as openers
        on opens.opener_id = openers.user_id
    where openers.merchant_id is null
),

arcs as (
    select
        opened_here.group_id,
        opened_here.opener_id as from_id,
        opened_here.sharer_id as to_id
    from opened_here
    inner join members as sharers
        on
            opened_here.group_id = sharers.group_id
            and opened_here.sharer_id = sharers.user_id
    union distinct
    select
        replies.group_id,
        replies.user_id as from_id,
        replies.answered_user_id as to_id
    from {{ ref('int_replies_matched') }} as replies
    inner join members as writers
        on
            replies.group_id = writers.group_id
            and replies.user_id = writers.user_id
    inner join members as answered
        on
            replies.group_id = answered.group_id
            and replies.answered_user_id = answered.user_id
    where replies.replied_date > {{ as_of() }} - 90
),

pairs as (
    select
        group_id,
        least(from_id, to_id) as one_id,
        greatest(from_id, to_id) as other_id,
        count(*) as arcs
    from arcs
    group by all
),

ends as (
    select
        group_id,
        one_id as user_id
    from pairs
    union all
    select
        group_id,
        other_id as user_id
    from pairs
),

degrees as (
    select
        group_id,
        count(*) as degree
    from ends
    group by group_id, user_id
),

triples as (
    select
        group_id,
        sum(degree * (degree - 1) / 2) as triples
    from degrees
    group by group_id
),

triangles as (
    select
        low.group_id,
        count(*) as triangles
    from pairs as low
    inner join pairs as high
        on
            low.group_id = high.group_id
            and low.other_id = high.one_id
    inner join pairs as across
        on
            low.group_id = across.group_id
            and low.one_id = across.one_id
            and high.other_id = across.other_id
    group by low.group_id
),

sizes as (
    select
        group_id,
        count(*) as members
    from members
    group by group_id
),

linked as (
    select
        group_id,
        count(*) as linked_pairs,
        count(*) filter (where arcs = 2) as mutual_pairs
    from pairs
    group by group_id
)

select
    sizes.group_id,
    coalesce(linked.linked_pairs, 0) as linked_pairs,
    coalesce(linked.mutual_pairs, 0) as mutual_pairs,
    coalesce(linked.linked_pairs, 0) / (sizes.members * (sizes.members - 1) / 2) as density,
    {{ ratio('3 * coalesce(triangles.triangles, 0)', 'triples.triples') }} as transitivity
from sizes
left join linked
    on sizes.group_id = linked.group_id
left join triples
    on sizes.group_id = triples.group_id
left join triangles
    on sizes.group_id = triangles.group_id
