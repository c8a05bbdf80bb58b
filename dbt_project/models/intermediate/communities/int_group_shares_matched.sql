-- The shares into a chat group that was created, by the group's merchant if it has one.
select
    groups.group_id,
    groups.merchant_id as group_merchant_id,
    shares.merchant_id,
    shares.share_id,
    shares.user_id,
    shares.shared_at,
    shares.shared_date
from {{ ref('int_shares_deduplicated') }} as shares
inner join {{ ref('int_chat_groups_latest') }} as groups
    on
        shares.group_id = groups.group_id
        and coalesce(shares.merchant_id = groups.merchant_id, true)
