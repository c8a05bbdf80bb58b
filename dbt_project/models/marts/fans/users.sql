with records as (
    select
        *,
        min(event_time) over (partition by user_id) as registered_at
    from {{ ref('stg_shop__user_registered') }}
    qualify row_number() over (partition by user_id order by event_time desc, event_id desc, event_source desc) = 1
),

final as (
    select
        user_id,
        coalesce(region, 'unknown') as region,
        city_tier,
        gender,
        birth_year,
        device_id,
        channel,
        registered_at
    from records
)

select * from final
order by user_id
