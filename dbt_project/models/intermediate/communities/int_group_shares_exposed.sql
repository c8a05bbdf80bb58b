-- One row a group's share dated as_of-96 to as_of-7, so that each has had its 7 days: who was in the group when it came, but
-- the sharer; who of them opened it within 7 days; and who left the group, or unfollowed or blocked the merchant.
with shares as (
    select * from {{ ref('int_group_shares_counted') }}
    where shared_date between {{ as_of() }} - 96 and {{ as_of() }} - 7
),

exposed as (
    select
        shares.merchant_id,
        shares.share_id,
        shares.shared_at,
        spells.user_id,
        coalesce(spells.left_at < shares.shared_at + interval 7 days, false) as has_left
    from shares
    inner join {{ ref('int_group_presence_spells') }} as spells
        on
            shares.group_id = spells.group_id
            and shares.user_id <> spells.user_id
            and shares.shared_at >= spells.joined_at
            and coalesce(shares.shared_at < spells.left_at, true)
),

openings as (
    select distinct
        exposed.merchant_id,
        exposed.share_id,
        exposed.user_id
    from exposed
    inner join {{ ref('int_share_opens_matched') }} as opens
        on
            exposed.merchant_id = opens.merchant_id
            and exposed.share_id = opens.share_id
            and exposed.user_id = opens.opener_id
            and exposed.shared_at <= opens.opened_at
            and opens.opened_at < exposed.shared_at + interval 7 days
),

partings as (
    select distinct
        exposed.merchant_id,
        exposed.share_id,
        exposed.user_id
    from exposed
    inner join {{ ref('int_fan_ties_unioned') }} as ties
        on
            exposed.merchant_id = ties.merchant_id
            and exposed.user_id = ties.user_id
            and ties.tie in ('unfollow', 'block')
            and exposed.shared_at < ties.event_time
            and ties.event_time < exposed.shared_at + interval 7 days
),

counted as (
    select
        exposed.merchant_id,
        exposed.share_id,
        count(*) as exposures,
        count(openings.user_id) as openers,
        count(*) filter (where exposed.has_left or partings.user_id is not null) as lost
    from exposed
    left join openings
        on
            exposed.merchant_id = openings.merchant_id
            and exposed.share_id = openings.share_id
            and exposed.user_id = openings.user_id
    left join partings
        on
            exposed.merchant_id = partings.merchant_id
            and exposed.share_id = partings.share_id
            and exposed.user_id = partings.user_id
    group by exposed.merchant_id, exposed.share_id
)

select
    shares.merchant_id,
    shares.group_id,
    shares.user_id,
    shares.share_id,
    shares.k,
    coalesce(counted.exposures, 0) as exposures,
    coalesce(counted.openers, 0) as openers,
    coalesce(counted.lost, 0) as lost
from shares
left join counted
    on
        shares.merchant_id = counted.merchant_id
        and shares.share_id = counted.share_id
