with claims as (
    select * from {{ ref('claims') }}
),

measured as (
    select * from {{ ref('int_claims_measured') }}
),

judged as (
    select
        claims.claim_id,
        claims.claim,
        claims.claimed_value,
        claims.claimed_lo,
        claims.claimed_hi,
        claims.unit,
        claims.formula,
        measured.value,
        measured.value_lo,
        measured.value_hi,
        coalesce(measured.observations, 0) as observations,
        case
            when claims.unit like 'CNY%' and '{{ var("currency") }}' != 'CNY'
                then 'the claim is in yuan, the figures are in {{ var("currency") }}'
            when measured.value is null then 'there are no such events'
            when measured.observations < claims.least_observations
                then printf('it rests on %d observations, at least %d are needed', observations, claims.least_observations)
        end as reason
    from claims
    left join measured
        on claims.claim_id = measured.claim_id
),

final as (
    select
        claim_id,
        {{ as_of() }} as as_of,
        claim,
        claimed_value,
        claimed_lo,
        claimed_hi,
        value as our_value,
        value_lo as our_value_lo,
        value_hi as our_value_hi,
        unit,
        cast(observations as bigint) as observations,
        case
            when reason is not null then 'insufficient'
            when coalesce(value_hi, value) >= claimed_lo and (claimed_hi is null or coalesce(value_lo, value) <= claimed_hi)
                then 'consistent'
            else 'inconsistent'
        end as verdict,
        reason,
        formula
    from judged
)

select * from final
order by claim_id
