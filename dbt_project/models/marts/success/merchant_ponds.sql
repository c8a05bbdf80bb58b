with ranks as (
    select
        *,
        pond_kind != 'region' and participants >= {{ var('smallest_cell') }} as is_named
    from {{ ref('pond_ranks') }}
    where pond_kind != 'region' or participants >= {{ var('smallest_cell') }}
),

-- a circle has the id of a person
circles as (
    select
        merchant_id,
        pond_id,
        row_number() over (partition by merchant_id order by participants desc, pond_id asc) as number
    from (
        select distinct
            merchant_id,
            pond_id,
            participants
        from ranks
        where pond_kind = 'circle'
    ) as distinct_circles
),

final as (
    select
        ranks.merchant_id,
        ranks.pond_kind,
        case when ranks.pond_kind = 'circle' then cast(circles.number as varchar) else ranks.pond_id end as pond,
        row_number() over (
            partition by ranks.merchant_id, ranks.pond_kind, ranks.pond_id
            order by ranks.rank asc, ranks.points_7d_ago desc, ranks.user_id asc
        ) as place,
        case when ranks.is_named then ranks.user_id end as user_id,
        ranks.participants,
        case when ranks.is_named then ranks.points end as points,
        case when ranks.is_named then ranks.points_7d_ago end as points_7d_ago,
        ranks.rank,
        ranks.percentile,
        ranks.gap_to_next,
        ranks.gap_behind,
        ranks.overtakes_7d,
        ranks.overtaken_7d
    from ranks
    left join circles
        on
            ranks.merchant_id = circles.merchant_id
            and if(ranks.pond_kind = 'circle', ranks.pond_id, null) = circles.pond_id
)

select * from final
order by merchant_id, pond_kind, pond, place
