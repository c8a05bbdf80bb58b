with pages as (
    select
        *,
        sum(journeys) over kindred - journeys as other_journeys,
        sum(exits) over kindred - exits as other_exits
    from {{ ref('page_funnel') }}
    window kindred as (partition by merchant_id, object_type)
),

compared as (
    select
        *,
        {{ ratio('other_exits', 'other_journeys') }} as other_exit_rate,
        {{ wilson_hi('other_exits', 'other_journeys') }} as other_exit_rate_hi,
        expected_paid_journeys - paid_journeys as missing_paid_journeys
    from pages
),

final as (
    select
        compared.merchant_id,
        compared.object_type,
        compared.object_id,
        coalesce(nullif(products.title, ''), compared.object_id) as title,
        row_number() over (
            partition by compared.merchant_id
            order by compared.missing_paid_journeys desc, compared.exits desc, compared.object_type asc, compared.object_id asc
        ) as rank,
        compared.journeys,
        compared.exits,
        compared.exit_rate,
        compared.other_exit_rate,
        compared.paid_journeys,
        compared.expected_paid_journeys,
        compared.missing_paid_journeys,
        case
            when compared.median_dwell_ms < {{ var('unread_ms') }} then 'unread'
            when compared.object_type = 'product' then 'unconvincing'
            else 'dead_end'
        end as advice
    from compared
    left join {{ ref('int_products_latest') }} as products
        on
            compared.merchant_id = products.merchant_id
            and if(compared.object_type = 'product', compared.object_id, null) = products.product_id
    where
        compared.exit_rate_lo > compared.other_exit_rate_hi
        and compared.missing_paid_journeys >= 1
)

select * from final
order by merchant_id, rank
