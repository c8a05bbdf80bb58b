-- What moved payments most, of merchants whose payments of the day fell out of what was to be expected.
with diagnosis as (
    select * from {{ ref('diagnosis') }}
    where date = {{ as_of() }} and window_days = 1
),

fallen as (
    select * from diagnosis
    where node = 'paid' and colour = 'red'
),

causes as (
    select * from diagnosis
    where cause_rank = 1
),

final as (
    select
        fallen.merchant_id,
        {{ published_money('fallen.value') }} as paid,
        {{ published_money('fallen.baseline') }} as paid_expected,
        fallen.contribution as paid_change,
        causes.cause,
        causes.contribution as cause_change,
        causes.advice,
        causes.advice_zh
    from fallen
    inner join causes
        on fallen.merchant_id = causes.merchant_id
    where fallen.contribution is not null
)

select * from final
order by merchant_id
