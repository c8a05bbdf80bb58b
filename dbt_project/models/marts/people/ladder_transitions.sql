with tiers as (
    select * from {{ ref('int_tiers_dated') }}
),

months as (
    select
        merchant_id,
        cast(date_trunc('month', window_end) as date) as month_start
    from {{ ref('int_windows_enumerated') }}
    where kind = 'month'
),

-- from every tier to the next month's, and from none to a tier in every month but the merchant's first
steps as (
    select
        tiers.merchant_id,
        months.month_start,
        tiers.tier as from_tier,
        tiers.months_in_tier,
        coalesce(later.tier, 'none') as to_tier
    from tiers
    inner join months
        on
            tiers.merchant_id = months.merchant_id
            and tiers.month_start + interval 1 month = months.month_start
    left join tiers as later
        on
            tiers.merchant_id = later.merchant_id
            and tiers.user_id = later.user_id
            and months.month_start = later.month_start
    union all by name
    select
        tiers.merchant_id,
        tiers.month_start,
        'none' as from_tier,
        null as months_in_tier,
        tiers.tier as to_tier
    from tiers
    inner join months
        on
            tiers.merchant_id = months.merchant_id
            and tiers.month_start = months.month_start + interval 1 month
    left join tiers as earlier
        on
            tiers.merchant_id = earlier.merchant_id
            and tiers.user_id = earlier.user_id
            and months.month_start = earlier.month_start
    where earlier.user_id is null
),

counted as (
    select
        merchant_id,
        month_start,
        from_tier,
        to_tier,
        count(*) as people,
        avg(months_in_tier) as mean_months_in_tier
    from steps
    group by merchant_id, month_start, from_tier, to_tier
),

left_tiers as (
    select
        *,
        if(
            from_tier = 'none', null, sum(people) over (partition by merchant_id, month_start, from_tier)
        ) as from_people
    from counted
),

final as (
    select
        merchant_id,
        {{ month_of('month_start') }} as month,
        month_start,
        from_tier,
        to_tier,
        people,
        cast(from_people as bigint) as from_people,
        {{ ratio('people', 'from_people') }} as transition_rate,
        {{ wilson_lo('people', 'from_people') }} as transition_rate_lo,
        {{ wilson_hi('people', 'from_people') }} as transition_rate_hi,
        mean_months_in_tier
    from left_tiers
)

select * from final
order by merchant_id, month, from_tier, to_tier
