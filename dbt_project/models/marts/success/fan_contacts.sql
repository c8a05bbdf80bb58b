with suppressed as (
    select
        merchant_id,
        user_id,
        string_agg(reason, ' ' order by reason) as reasons
    from {{ ref('suppressed_fans') }}
    group by merchant_id, user_id
),

final as (
    select
        fans.merchant_id,
        fans.user_id,
        suppressed.user_id is null as may_contact,
        suppressed.reasons as no_contact_reason
    from {{ ref('fan_revenue') }} as fans
    left join suppressed
        on
            fans.merchant_id = suppressed.merchant_id
            and fans.user_id = suppressed.user_id
    where fans.is_fan_at_end
)

select * from final
order by merchant_id, user_id
