with registrations as (
    select
        user_id,
        display_name
    from {{ ref('stg_shop__user_registered') }}
    qualify row_number() over (partition by user_id order by event_time desc, event_id desc, event_source desc) = 1
),

final as (
    select
        fans.merchant_id,
        fans.user_id,
        registrations.display_name
    from {{ ref('fan_contacts') }} as fans
    inner join registrations
        on fans.user_id = registrations.user_id
    where
        fans.may_contact
        and trim(registrations.display_name) != ''
)

select * from final
order by merchant_id, user_id
