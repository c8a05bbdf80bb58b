-- The placebos of each pushed product: how many, their mean and the interval that 95 % of them lie in, and how many of the odd
-- tens of minutes lie in that of the even ones.
with ranked as (
    select
        target,
        response,
        beyond,
        placebos,
        odd,
        sum(placebos) over (partition by target, response order by beyond) as placebos_to,
        sum(even) over (partition by target, response order by beyond) as even_to,
        sum(placebos) over (partition by target, response) as all_placebos,
        sum(even) over (partition by target, response) as all_even
    from {{ ref('int_live_placebos_measured') }}
),

summed as (
    select
        target,
        response,
        max(all_placebos) as placebos,
        -- in one order, since the last digits of a sum of doubles follow it
        sum(placebos * beyond order by beyond) / nullif(max(all_placebos), 0) as mean,
        {{ counted_quantile('beyond', 'placebos_to', 'all_placebos', 0.025) }} as lo,
        {{ counted_quantile('beyond', 'placebos_to', 'all_placebos', 0.975) }} as hi,
        max(all_even) >= 10 as is_tested,
        {{ counted_quantile('beyond', 'even_to', 'all_even', 0.025) }} as even_lo,
        {{ counted_quantile('beyond', 'even_to', 'all_even', 0.975) }} as even_hi
    from ranked
    group by target, response
),

held as (
    select
        summed.target,
        summed.response,
        sum(ranked.odd) as tested,
        coalesce(
            sum(ranked.odd) filter (where ranked.beyond between summed.even_lo - 1e-9 and summed.even_hi + 1e-9), 0
        ) as covered
    from summed
    inner join ranked
        on
            summed.target = ranked.target
            and summed.response = ranked.response
    where summed.is_tested
    group by summed.target, summed.response
)

select
    summed.target,
    summed.response,
    cast(summed.placebos as bigint) as placebos,
    summed.mean,
    summed.lo,
    summed.hi,
    cast(coalesce(held.tested, 0) as bigint) as tested,
    cast(coalesce(held.covered, 0) as bigint) as covered
from summed
left join held
    on
        summed.target = held.target
        and summed.response = held.response
