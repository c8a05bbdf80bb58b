-- How often members who open a group's share buy through it, in 90 days: pairs of member and share, drawn towards the rate of
-- all groups of the merchant as if each had ten opens more.
with members as (
    select * from {{ ref('int_group_members_present') }}
),

opened as (
    select distinct
        members.group_id,
        opens.merchant_id,
        opens.share_id,
        opens.opener_id
    from {{ ref('int_share_opens_matched') }} as opens
    inner join members
        on
            opens.group_id = members.group_id
            and opens.opener_id = members.user_id
    where opens.opened_date > {{ as_of() }} - 90
),

bought as (
    select distinct
        merchant_id,
        share_id,
        user_id
    from {{ ref('int_group_orders_matched') }}
    where paid_date > {{ as_of() }} - 90
),

counted as (
    select
        opened.group_id,
        count(*) as trust_opens,
        count(bought.user_id) as trust_buys
    from opened
    left join bought
        on
            opened.merchant_id = bought.merchant_id
            and opened.share_id = bought.share_id
            and opened.opener_id = bought.user_id
    group by opened.group_id
),

groups as (
    select
        groups.group_id,
        coalesce(counted.trust_opens, 0) as trust_opens,
        coalesce(counted.trust_buys, 0) as trust_buys,
        {{ ratio('sum(trust_buys) over same_merchant', 'sum(trust_opens) over same_merchant') }} as pooled
    from {{ ref('int_chat_groups_latest') }} as groups
    left join counted
        on groups.group_id = counted.group_id
    window same_merchant as (partition by groups.merchant_id)
)

select
    group_id,
    trust_opens,
    trust_buys,
    (trust_buys + 10 * pooled) / (trust_opens + 10) as trust
from groups
