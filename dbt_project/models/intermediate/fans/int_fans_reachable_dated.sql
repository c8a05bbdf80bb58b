-- The days at whose end a person begins or ceases to be a reachable fan: one with a follow in the current spell or present in
-- an undissolved chat group of the merchant, who has neither refused nor opted out. A block needs no look: it ends the spell.
with spells as (
    select * from {{ ref('int_fan_spells_derived') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

dissolved as (
    select
        group_id,
        min(event_date) as dissolved_date
    from {{ ref('stg_group__chat_dissolved') }}
    group by group_id
),

moves as (
    select
        group_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        true as is_join
    from {{ ref('stg_group__member_joined') }}
    union all by name
    select
        group_id,
        user_id,
        event_time,
        event_date,
        event_id,
        event_source,
        false as is_join
    from {{ ref('stg_group__member_left') }}
),

presences as (
    select
        group_id,
        user_id,
        event_date as from_date,
        lead(event_date) over (
            partition by group_id, user_id
            order by event_time, event_id, event_source
        ) as to_date,
        is_join
    from moves
),

refusals as (
    select
        merchant_id,
        user_id,
        event_date as from_date,
        lead(event_date) over (
            partition by merchant_id, user_id
            order by event_time, event_id, event_source
        ) as to_date,
        result = 'refused' as is_refusal
    from {{ ref('stg_shop__outreach_made') }}
),

said_no as (
    select
        merchant_id,
        user_id,
        event_time,
        event_date
    from {{ ref('stg_shop__outreach_made') }}
    where is_opt_out
),

opt_outs_and_returns as (
    select
        *,
        true as is_opt_out
    from said_no
    union all by name
    select
        ties.merchant_id,
        ties.user_id,
        ties.event_time,
        ties.event_date,
        false as is_opt_out
    from {{ ref('int_fan_ties_unioned') }} as ties
    semi join said_no
        on
            ties.merchant_id = said_no.merchant_id
            and ties.user_id = said_no.user_id
    where ties.tie in ('follow', 'order')
),

opt_outs as (
    select
        merchant_id,
        user_id,
        event_date as from_date,
        -- a return of the same instant is not later, so it comes before
        min(event_date) filter (where not is_opt_out) over (
            partition by merchant_id, user_id
            order by event_time, is_opt_out
            rows between 1 following and unbounded following
        ) as to_date,
        is_opt_out
    from opt_outs_and_returns
),

-- what holds at the end of the days from from_date to the day before to_date, for ever without one
states as (
    select
        merchant_id,
        user_id,
        started_date as from_date,
        ended_date as to_date,
        1 as fan
    from spells
    union all by name
    select
        merchant_id,
        user_id,
        followed_date as from_date,
        ended_date as to_date,
        1 as tied
    from spells
    where followed_date is not null
    union all by name
    select
        groups.merchant_id,
        presences.user_id,
        presences.from_date,
        least(presences.to_date, dissolved.dissolved_date) as to_date,
        1 as tied
    from presences
    inner join groups
        on presences.group_id = groups.group_id
    left join dissolved
        on presences.group_id = dissolved.group_id
    where
        presences.is_join
        and groups.merchant_id is not null
    union all by name
    select
        merchant_id,
        user_id,
        from_date,
        to_date,
        1 as suppressed
    from refusals
    where is_refusal
    union all by name
    select
        merchant_id,
        user_id,
        from_date,
        to_date,
        1 as suppressed
    from opt_outs
    where is_opt_out
),

steps as (
    select
        merchant_id,
        user_id,
        from_date as date,
        fan,
        tied,
        suppressed
    from states
    where to_date is null or to_date > from_date
    union all by name
    select
        merchant_id,
        user_id,
        to_date as date,
        -fan as fan,
        -tied as tied,
        -suppressed as suppressed
    from states
    where to_date > from_date
),

days as (
    select
        merchant_id,
        user_id,
        date,
        sum(fan) as fan,
        sum(tied) as tied,
        sum(suppressed) as suppressed
    from steps
    group by merchant_id, user_id, date
),

held as (
    select
        merchant_id,
        user_id,
        date,
        coalesce(sum(fan) over up_to > 0 and sum(tied) over up_to > 0, false)
        and coalesce(sum(suppressed) over up_to, 0) = 0 as is_reachable
    from days
    window up_to as (partition by merchant_id, user_id order by date rows unbounded preceding)
)

select *
from held
qualify
    is_reachable != coalesce(lag(is_reachable) over (
        partition by merchant_id, user_id
        order by date
    ), false)
