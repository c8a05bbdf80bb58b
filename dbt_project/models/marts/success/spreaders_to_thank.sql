with final as (
    select
        spreaders.merchant_id,
        spreaders.user_id,
        spreaders.shares,
        spreaders.openers,
        spreaders.revenue_led,
        spreaders.is_connector
    from {{ ref('spreaders') }} as spreaders
    inner join {{ ref('fan_contacts') }} as fans
        on
            spreaders.merchant_id = fans.merchant_id
            and spreaders.user_id = fans.user_id
            and fans.may_contact
    where spreaders.openers > 0 or spreaders.revenue_led > 0
)

select * from final
order by merchant_id, user_id
