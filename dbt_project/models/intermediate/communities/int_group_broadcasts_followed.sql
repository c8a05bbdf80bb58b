-- One row a broadcast in a chat group whose 24 hours are over: whom it reached, who of them then opened any share of the
-- group's, and who left.
with broadcasts as (
    select * from {{ ref('int_group_messages_classified') }}
    where
        is_broadcast
        and posted_at + interval 24 hours <= {{ end_of_as_of() }}
),

deliveries as (
    select
        broadcasts.event_id,
        broadcasts.event_source,
        broadcasts.group_id,
        broadcasts.posted_at,
        spells.user_id,
        coalesce(
            spells.left_at > broadcasts.posted_at and spells.left_at < broadcasts.posted_at + interval 24 hours, false
        ) as has_left
    from broadcasts
    inner join {{ ref('int_group_presence_spells') }} as spells
        on
            broadcasts.group_id = spells.group_id
            and broadcasts.user_id <> spells.user_id
            and broadcasts.posted_at >= spells.joined_at
            and coalesce(broadcasts.posted_at < spells.left_at, true)
),

openings as (
    select distinct
        deliveries.event_id,
        deliveries.event_source,
        deliveries.user_id
    from deliveries
    inner join {{ ref('int_share_opens_matched') }} as opens
        on
            deliveries.group_id = opens.group_id
            and deliveries.user_id = opens.opener_id
            and deliveries.posted_at < opens.opened_at
            and opens.opened_at < deliveries.posted_at + interval 24 hours
),

counted as (
    select
        deliveries.event_id,
        deliveries.event_source,
        count(*) as deliveries,
        count(openings.user_id) as openers,
        count(*) filter (where deliveries.has_left) as leavers
    from deliveries
    left join openings
        on
            deliveries.event_id = openings.event_id
            and deliveries.event_source = openings.event_source
            and deliveries.user_id = openings.user_id
    group by deliveries.event_id, deliveries.event_source
)

select
    broadcasts.event_id,
    broadcasts.event_source,
    broadcasts.merchant_id,
    broadcasts.group_id,
    broadcasts.user_id,
    broadcasts.posted_at,
    broadcasts.posted_date,
    coalesce(counted.deliveries, 0) as deliveries,
    coalesce(counted.openers, 0) as openers,
    coalesce(counted.leavers, 0) as leavers
from broadcasts
left join counted
    on
        broadcasts.event_id = counted.event_id
        and broadcasts.event_source = counted.event_source
