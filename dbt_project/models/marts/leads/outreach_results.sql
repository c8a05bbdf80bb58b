with outreach as (
    select
        *,
        date_trunc('month', made_date) as month_start
    from {{ ref('int_outreach_followed') }}
),

claim as (
    select
        claimed_lo,
        claimed_hi
    from {{ ref('claims') }}
    where claim_id = 'outreach_accepted'
),

strata as (
    select
        *,
        unnest(['all', 'kind', 'script', 'hour']) as stratum,
        unnest(['all', kind, script, made_hour]) as value
    from outreach
),

-- A person counts once a cell, by their first outreach in it. Those of one instant are followed by the same.
people as (
    select
        merchant_id,
        month_start,
        stratum,
        value,
        user_id,
        count(*) as attempts,
        count(*) filter (where is_after_opt_out) as attempts_after_opt_out,
        arg_min(is_matured, made_at) as is_matured,
        arg_min(is_accepted, made_at) as is_accepted,
        arg_min(is_opted_out, made_at) as is_opted_out
    from strata
    group by merchant_id, month_start, stratum, value, user_id
),

counted as (
    select
        merchant_id,
        month_start,
        stratum,
        value,
        cast(sum(attempts) as bigint) as attempts,
        count(*) as attempted,
        count(*) filter (where is_matured) as matured,
        count(*) filter (where is_matured and is_accepted) as accepted,
        count(*) filter (where is_matured and is_opted_out) as opted_out,
        cast(sum(attempts_after_opt_out) as bigint) as attempts_after_opt_out
    from people
    group by merchant_id, month_start, stratum, value
),

rated as (
    select
        *,
        {{ ratio('accepted', 'matured') }} as accepted_rate,
        {{ wilson_lo('accepted', 'matured') }} as accepted_rate_lo,
        {{ wilson_hi('accepted', 'matured') }} as accepted_rate_hi
    from counted
),

final as (
    select
        rated.merchant_id,
        {{ month_of('rated.month_start') }} as month,
        cast(rated.month_start as date) as month_start,
        rated.stratum,
        rated.value,
        rated.stratum = 'all' as is_total,
        rated.attempts,
        rated.attempted,
        rated.matured,
        rated.accepted,
        rated.accepted_rate,
        rated.accepted_rate_lo,
        rated.accepted_rate_hi,
        case
            when rated.matured = 0 then null
            when rated.accepted_rate_hi < claim.claimed_lo then 'below'
            when rated.accepted_rate_lo > claim.claimed_hi then 'above'
            when rated.accepted_rate_lo >= claim.claimed_lo and rated.accepted_rate_hi <= claim.claimed_hi then 'within'
            else 'unclear'
        end as band,
        rated.opted_out,
        {{ ratio('rated.opted_out', 'rated.matured') }} as opt_out_rate,
        {{ wilson_lo('rated.opted_out', 'rated.matured') }} as opt_out_rate_lo,
        {{ wilson_hi('rated.opted_out', 'rated.matured') }} as opt_out_rate_hi,
        rated.attempts_after_opt_out
    from rated
    cross join claim
)

select * from final
order by merchant_id, month, stratum, value
