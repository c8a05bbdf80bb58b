-- What each outreach led to within 7 days of it, that outreach and its own instant included, and whether it came after an
-- opt-out that no later follow or paid order had lifted.
with events as (
    select
        merchant_id,
        user_id,
        event_time,
        true as is_outreach,
        event_date,
        kind,
        coalesce(script, 'unknown') as script,
        result = 'accepted' as is_accepted,
        coalesce(is_opt_out, false) as is_opt_out,
        is_opt_out as is_refusal
    from {{ ref('stg_shop__outreach_made') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        true as is_refusal
    from {{ ref('stg_shop__fan_blocked') }}
    union all by name
    select
        merchant_id,
        user_id,
        event_time,
        true as is_return
    from {{ ref('int_fan_ties_unioned') }}
    where tie in ('follow', 'order')
),

sequenced as (
    select
        *,
        min(event_time) filter (where is_accepted) over from_now as accepted_at,
        min(event_time) filter (where is_refusal) over from_now as refused_at,
        max(event_time) filter (where is_opt_out) over before_now as opted_out_at,
        max(event_time) filter (where is_return) over before_now as returned_at
    from events
    window
        from_now as (
            partition by merchant_id, user_id
            order by event_time
            range between current row and unbounded following
        ),
        before_now as (
            partition by merchant_id, user_id
            order by event_time
            range between unbounded preceding and interval 1 microsecond preceding
        )
)

select
    merchant_id,
    user_id,
    event_time as made_at,
    event_date as made_date,
    strftime(timezone('{{ var("timezone") }}', timezone('UTC', event_time)), '%H') as made_hour,
    kind,
    script,
    event_time + interval '168 hours' <= {{ end_of_as_of() }} as is_matured,
    coalesce(accepted_at < event_time + interval '168 hours', false) as is_accepted,
    coalesce(refused_at < event_time + interval '168 hours', false) as is_opted_out,
    opted_out_at is not null and coalesce(returned_at <= opted_out_at, true) as is_after_opt_out
from sequenced
where is_outreach
