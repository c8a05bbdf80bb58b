{%- set sharer = "partition by merchant_id, group_id, user_id" %}
with shares as (
    select
        *,
        sum(openers) filter (where k = 1) over ({{ sharer }}) as first_openers,
        sum(exposures) filter (where k = 1) over ({{ sharer }}) as first_exposures
    from {{ ref('int_group_shares_exposed') }}
),

expected as (
    select
        *,
        exposures * {{ ratio('first_openers', 'first_exposures') }} as expected_openers
    from shares
),

scopes as (
    select * from expected
    union all by name
    select * replace ('all' as merchant_id)
    from expected
),

counted as (
    select
        merchant_id,
        k,
        count(*) as shares,
        cast(sum(exposures) as bigint) as exposures,
        cast(sum(openers) as bigint) as openers,
        cast(sum(lost) as bigint) as lost,
        cast(coalesce(sum(openers) filter (where expected_openers is not null), 0) as bigint) as matched_openers,
        coalesce({{ exact_sum('expected_openers') }}, 0) as expected_openers
    from scopes
    group by merchant_id, k
),

rated as (
    select
        *,
        {{ ratio('openers', 'exposures') }} as open_rate,
        {{ wilson_lo('openers', 'exposures') }} as open_rate_lo,
        {{ wilson_hi('openers', 'exposures') }} as open_rate_hi,
        {{ ratio('lost', 'exposures') }} as lost_rate,
        {{ wilson_lo('lost', 'exposures') }} as lost_rate_lo,
        {{ wilson_hi('lost', 'exposures') }} as lost_rate_hi
    from counted
),

firsts as (
    select
        merchant_id,
        open_rate,
        lost_rate_hi
    from rated
    where
        k = 1
        and open_rate is not null
),

-- From the first k on that is opened half as often as the first, or loses more people, a share is one too many.
judged as (
    select
        rated.merchant_id,
        rated.k,
        bool_or(
            round(rated.open_rate_hi, 9) < round(firsts.open_rate / 2, 9)
            or round(rated.lost_rate_lo, 9) > round(firsts.lost_rate_hi, 9)
        ) over (partition by rated.merchant_id order by rated.k) as is_over
    from rated
    inner join firsts
        on rated.merchant_id = firsts.merchant_id
    where rated.exposures > 0
),

caps as (
    select
        merchant_id,
        max(k) as advised_cap
    from judged
    where not is_over
    group by merchant_id
),

final as (
    select
        rated.merchant_id,
        rated.merchant_id = 'all' as is_total,
        rated.k,
        rated.shares,
        rated.exposures,
        rated.openers,
        rated.lost,
        rated.open_rate,
        rated.open_rate_lo,
        rated.open_rate_hi,
        rated.lost_rate,
        rated.lost_rate_lo,
        rated.lost_rate_hi,
        rated.matched_openers,
        rated.expected_openers,
        {{ ratio('rated.matched_openers', 'rated.expected_openers') }} as relative_response,
        caps.advised_cap
    from rated
    left join caps
        on rated.merchant_id = caps.merchant_id
)

select * from final
order by merchant_id, k
