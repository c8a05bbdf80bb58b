-- What people received and passed on in the 90 days of spreaders: others' known shares that they opened, and the shares that
-- they made below those.
with opens as (
    select * from {{ ref('int_share_opens_matched') }}
    where opened_date > {{ as_of() }} - 90
),

made as (
    select
        nodes.merchant_id,
        nodes.share_id,
        nodes.user_id,
        nodes.parent_share_id,
        group_shares.group_id
    from {{ ref('stg_spread_graph__cascade_nodes') }} as nodes
    inner join {{ ref('int_shares_deduplicated') }} as shares
        on
            nodes.merchant_id = shares.merchant_id
            and nodes.share_id = shares.share_id
    left join {{ ref('int_group_shares_matched') }} as group_shares
        on
            nodes.merchant_id = group_shares.merchant_id
            and nodes.share_id = group_shares.share_id
    where shares.shared_date > {{ as_of() }} - 90
),

received as (
    select distinct
        merchant_id,
        opener_id as user_id,
        share_id,
        group_id
    from opens
),

children as (
    select
        received.merchant_id,
        received.user_id,
        received.share_id as received_share_id,
        made.share_id
    from received
    inner join made
        on
            received.merchant_id = made.merchant_id
            and received.user_id = made.user_id
            and received.share_id = made.parent_share_id
),

passed_on as (
    select
        children.merchant_id,
        children.user_id,
        count(distinct children.received_share_id) as passed_on,
        count(opens.share_id) as child_opens
    from children
    left join opens
        on
            children.merchant_id = opens.merchant_id
            and children.share_id = opens.share_id
    group by children.merchant_id, children.user_id
),

arrived as (
    select
        merchant_id,
        user_id,
        count(*) as received,
        count(distinct group_id) as groups_in
    from received
    group by merchant_id, user_id
),

groups_in as (
    select distinct
        merchant_id,
        user_id,
        group_id
    from received
),

sent as (
    select
        made.merchant_id,
        made.user_id,
        count(distinct made.group_id) as groups_out,
        count(distinct made.group_id) filter (where groups_in.group_id is null) as groups_out_only
    from made
    left join groups_in
        on
            made.merchant_id = groups_in.merchant_id
            and made.user_id = groups_in.user_id
            and made.group_id = groups_in.group_id
    group by made.merchant_id, made.user_id
)

select
    spreaders.merchant_id,
    spreaders.user_id,
    coalesce(arrived.received, 0) as received,
    coalesce(passed_on.passed_on, 0) as passed_on,
    {{ ratio('coalesce(passed_on.child_opens, 0)', 'coalesce(arrived.received, 0)') }} as amplification,
    coalesce(arrived.groups_in, 0) as groups_in,
    coalesce(sent.groups_out, 0) as groups_out,
    {{ ratio('coalesce(sent.groups_out, 0)', 'coalesce(arrived.groups_in, 0)') }} as routing,
    coalesce(passed_on.passed_on > 0 and round(amplification, 9) >= 1, false) as is_amplifier,
    coalesce(passed_on.passed_on > 0 and arrived.groups_in >= 1 and sent.groups_out_only > 0, false) as is_router
from {{ ref('stg_spread_graph__spreaders') }} as spreaders
left join arrived
    on
        spreaders.merchant_id = arrived.merchant_id
        and spreaders.user_id = arrived.user_id
left join passed_on
    on
        spreaders.merchant_id = passed_on.merchant_id
        and spreaders.user_id = passed_on.user_id
left join sent
    on
        spreaders.merchant_id = sent.merchant_id
        and spreaders.user_id = sent.user_id
