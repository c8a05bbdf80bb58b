-- Whom people invite: one row a merchant × month in which people started there, by their first follow, order or being
-- invited. The K-factor adds up new invitations for each starter by age, each age over the starters who have reached it by
-- as_of (the mean cumulative function of Nelson 1995), so that a month that is not yet 30 days old is not taken for one that
-- invites less.
with starts as (
    select
        merchant_id,
        user_id,
        started_date as start_date
    from {{ ref('int_fan_spells_derived') }}
    where spell_number = 1
    union all by name
    select
        merchant_id,
        invitee as user_id,
        accepted_date as start_date
    from {{ ref('int_invitations_accepted') }}
),

starters as (
    select
        merchant_id,
        user_id,
        min(start_date) as start_date,
        cast(date_trunc('month', min(start_date)) as date) as month_start
    from starts
    group by merchant_id, user_id
),

ages as (
    select unnest(range(30)) as age
),

dated as (
    select
        merchant_id,
        month_start,
        start_date,
        count(*) as starters
    from starters
    group by merchant_id, month_start, start_date
),

-- The starters who have reached each age.
reached as (
    select
        dated.merchant_id,
        dated.month_start,
        ages.age,
        sum(dated.starters) as starters
    from dated
    inner join ages
        on dated.start_date + cast(ages.age as integer) <= {{ as_of() }}
    group by all
),

accepted as (
    select
        starters.merchant_id,
        starters.month_start,
        invitations.accepted_date - starters.start_date as age,
        count(*) as accepted
    from starters
    inner join {{ ref('int_invitations_accepted') }} as invitations
        on
            starters.merchant_id = invitations.merchant_id
            and starters.user_id = invitations.inviter
            and invitations.accepted_date between starters.start_date and starters.start_date + 29
    where invitations.is_new
    group by all
),

terms as (
    select
        reached.merchant_id,
        reached.month_start,
        reached.age,
        coalesce(accepted.accepted, 0) as accepted,
        coalesce(accepted.accepted, 0) / reached.starters as term
    from reached
    left join accepted
        on
            reached.merchant_id = accepted.merchant_id
            and reached.month_start = accepted.month_start
            and reached.age = accepted.age
),

factors as (
    select
        merchant_id,
        month_start,
        cast(sum(accepted) as bigint) as accepted_30d,
        {{ exact_sum('term') }} as k_factor,
        {{ exact_sum('age * term') }} as weighted_ages
    from terms
    group by merchant_id, month_start
),

counted as (
    select
        merchant_id,
        month_start,
        cast(sum(starters) as bigint) as starters,
        cast(coalesce(sum(starters) filter (where start_date <= {{ as_of() }} - 29), 0) as bigint) as starters_observed
    from dated
    group by merchant_id, month_start
)

select
    counted.merchant_id,
    counted.month_start,
    counted.starters,
    counted.starters_observed,
    factors.accepted_30d,
    if(counted.starters_observed > 0, factors.k_factor, null) as k_factor,
    if(counted.starters_observed > 0, factors.weighted_ages / nullif(factors.k_factor, 0), null) as cycle_days
from counted
inner join factors
    on
        counted.merchant_id = factors.merchant_id
        and counted.month_start = factors.month_start
