-- How long each person was a fan of a merchant from the first follow or order on, in whole days to the loss, or to the end of
-- as_of while they stay; what won them, and with how many others they had an open between them in their first 30 days.
with spells as (
    select * from {{ ref('int_fan_spells_derived') }}
    where spell_number = 1
),

opens as (
    select * from {{ ref('int_share_opens_matched') }}
),

meetings as (
    select
        merchant_id,
        opener_id as user_id,
        sharer_id as friend_id,
        opened_at
    from opens
    union all
    select
        merchant_id,
        sharer_id as user_id,
        opener_id as friend_id,
        opened_at
    from opens
),

friends as (
    select
        spells.merchant_id,
        spells.user_id,
        count(distinct meetings.friend_id) as friends
    from spells
    inner join meetings
        on
            spells.merchant_id = meetings.merchant_id
            and spells.user_id = meetings.user_id
            and spells.started_at <= meetings.opened_at
            and meetings.opened_at < spells.started_at + interval 720 hour
    group by spells.merchant_id, spells.user_id
)

select
    spells.merchant_id,
    spells.user_id,
    {{ whole_days('spells.started_at', 'coalesce(spells.ended_at, ' ~ end_of_as_of() ~ ')') }} as days,
    spells.ended_at is not null as is_lost,
    case
        when invitations.accepted_date <= spells.started_date then 'invited'
        when shares.user_id != spells.user_id then 'shared'
        when spells.started_by = 'order' then 'bought'
        else coalesce(methods.method, 'unknown')
    end as method,
    case
        when friends.friends is null then '0'
        when friends.friends <= 2 then '1-2'
        when friends.friends <= 5 then '3-5'
        else '6+'
    end as ties
from spells
left join {{ ref('int_invitations_accepted') }} as invitations
    on
        spells.merchant_id = invitations.merchant_id
        and spells.user_id = invitations.invitee
left join {{ ref('int_shares_deduplicated') }} as shares
    on
        spells.merchant_id = shares.merchant_id
        and spells.started_via_share_id = shares.share_id
left join {{ ref('int_acquisition_methods_valid') }} as methods
    on spells.started_channel = methods.channel
left join friends
    on
        spells.merchant_id = friends.merchant_id
        and spells.user_id = friends.user_id
