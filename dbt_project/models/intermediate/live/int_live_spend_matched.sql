-- Money spent on a live: what names it, and its merchant or none.
select
    lives.live_id,
    lives.merchant_id,
    spend.channel,
    spend.share_id,
    spend.amount,
    spend.event_time,
    spend.event_id,
    spend.event_source
from {{ ref('int_lives_bounded') }} as lives
inner join {{ ref('stg_shop__spend_recorded') }} as spend
    on
        lives.live_id = spend.live_id
        and lives.merchant_id = coalesce(spend.merchant_id, lives.merchant_id)
