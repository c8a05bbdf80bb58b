-- The group's shares, each with k: the how manieth it is of the same sharer, merchant and group within 30 days, 10 for more.
-- A share exactly 30 days before is out.
with shares as (
    select
        *,
        row_number() over (partition by merchant_id, group_id, user_id order by shared_at, share_id) as number,
        count(*) over (
            partition by merchant_id, group_id, user_id order by shared_at
            range between unbounded preceding and interval 30 days preceding
        ) as shares_before_30d
    from {{ ref('int_group_shares_matched') }}
)

select
    group_id,
    merchant_id,
    share_id,
    user_id,
    shared_at,
    shared_date,
    least(number - shares_before_30d, 10) as k
from shares
