with final as (
    select
        leaders.merchant_id,
        leaders.user_id,
        leaders.opened,
        leaders.open_at_as_of,
        leaders.formed_organic,
        leaders.formed_auto_filled,
        leaders.failed,
        leaders.last_opened_date
    from {{ ref('team_leaders') }} as leaders
    inner join {{ ref('fan_contacts') }} as fans
        on
            leaders.merchant_id = fans.merchant_id
            and leaders.user_id = fans.user_id
            and fans.may_contact
    where leaders.formed_organic > 0
)

select * from final
order by merchant_id, user_id
