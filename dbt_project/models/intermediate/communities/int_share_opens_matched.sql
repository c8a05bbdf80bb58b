-- The opens of known shares by others than the sharer, with the chat group if the share is one's.
select
    opens.merchant_id,
    opens.share_id,
    shares.user_id as sharer_id,
    group_shares.group_id,
    opens.user_id as opener_id,
    opens.event_time as opened_at,
    opens.event_date as opened_date
from {{ ref('stg_shop__share_opened') }} as opens
inner join {{ ref('int_shares_deduplicated') }} as shares
    on
        opens.merchant_id = shares.merchant_id
        and opens.share_id = shares.share_id
        and opens.user_id != shares.user_id
left join {{ ref('int_group_shares_matched') }} as group_shares
    on
        shares.merchant_id = group_shares.merchant_id
        and shares.share_id = group_shares.share_id
