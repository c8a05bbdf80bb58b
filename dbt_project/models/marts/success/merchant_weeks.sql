-- Weeks of seven days, the last of which ends with as_of.
with days as (
    select
        merchant_id,
        ({{ as_of() }} - date) // 7 as weeks_ago,
        revenue
    from {{ ref('daily_merchant') }}
    where
        date > {{ as_of() }} - 7 * 12
        and revenue is not null
),

final as (
    select
        merchant_id,
        weeks_ago,
        {{ published_money('sum(revenue)') }} as revenue
    from days
    group by merchant_id, weeks_ago
)

select * from final
order by merchant_id, weeks_ago
