-- Quartiles of the others, whom nothing that the merchant does can move. They are told only where they differ, and none is the
-- least or the most that the figure can be: then no two days tell what another merchant has (DECISIONS.md).
with figures as (
    select
        merchants.category,
        case
            when overview.fans < 100 then 0
            when overview.fans < 1000 then 1
            when overview.fans < 10000 then 2
            else 3
        end as size_band,
        overview.merchant_id,
        unnest([
            struct_pack(metric := 'revenue_per_fan', value := overview.revenue_per_fan),
            struct_pack(metric := 'retention', value := overview.retention),
            struct_pack(metric := 'formation_rate', value := overview.formation_rate),
            struct_pack(metric := 'opens_per_share', value := {{ ratio('overview.opens', 'overview.shares') }})
        ], recursive := true)
    from {{ ref('merchant_overview') }} as overview
    inner join {{ ref('merchants') }} as merchants
        on overview.merchant_id = merchants.merchant_id
    where merchants.category is not null
),

ranked as (
    select
        *,
        row_number() over (partition by category, size_band, metric order by value, merchant_id) as place
    from figures
    where value is not null
),

groups as (
    select
        category,
        size_band,
        metric,
        list(value order by place) as members
    from ranked
    group by category, size_band, metric
),

others as (
    select
        ranked.merchant_id,
        ranked.metric,
        ranked.value,
        groups.members[:ranked.place - 1] || groups.members[ranked.place + 1:] as others
    from ranked
    inner join groups
        on
            ranked.category = groups.category
            and ranked.size_band = groups.size_band
            and ranked.metric = groups.metric
    where len(groups.members) > {{ var('smallest_group') }}
),

final as (
    select
        merchant_id,
        metric,
        value as own_value,
        {{ rounded_quartile('others', 0.25) }} as lower_quartile,
        {{ rounded_quartile('others', 0.5) }} as median,
        {{ rounded_quartile('others', 0.75) }} as upper_quartile
    from others
)

select * from final
where
    lower_quartile > 0
    and lower_quartile < median
    and median < upper_quartile
    and (upper_quartile < 1 or metric not in ('retention', 'formation_rate'))
order by merchant_id, metric
