-- Who is related to whom at a merchant, since when: `social` pairs of no order, by an invite or a join of its chat group at
-- somebody's invitation; `spread` from a sharer to an opener. Nobody is related to themselves.
with shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

invitations as (
    select
        merchant_id,
        inviter_id,
        user_id,
        event_date
    from {{ ref('stg_shop__invite_accepted') }}
    union all by name
    select
        groups.merchant_id,
        joins.inviter_id,
        joins.user_id,
        joins.event_date
    from {{ ref('stg_group__member_joined') }} as joins
    inner join groups
        on joins.group_id = groups.group_id
    where groups.merchant_id is not null
),

pairs as (
    select
        merchant_id,
        'social' as relation,
        least(inviter_id, user_id) as user_id,
        greatest(inviter_id, user_id) as other_id,
        event_date
    from invitations
    where inviter_id != user_id
    union all by name
    select
        opens.merchant_id,
        'spread' as relation,
        shares.user_id,
        opens.user_id as other_id,
        opens.event_date
    from {{ ref('stg_shop__share_opened') }} as opens
    inner join shares
        on
            opens.merchant_id = shares.merchant_id
            and opens.share_id = shares.share_id
            and opens.user_id != shares.user_id
)

select
    merchant_id,
    relation,
    user_id,
    other_id,
    min(event_date) as since_date
from pairs
group by merchant_id, relation, user_id, other_id
