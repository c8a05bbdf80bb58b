with caps as (
    select
        merchant_id,
        max(advised_cap) as advised_cap
    from {{ ref('share_fatigue') }}
    where not is_total
    group by merchant_id
),

final as (
    select
        people.merchant_id,
        people.user_id,
        people.busiest_group_shares_30d,
        caps.advised_cap
    from {{ ref('community_people') }} as people
    inner join caps
        on people.merchant_id = caps.merchant_id
    inner join {{ ref('fan_contacts') }} as fans
        on
            people.merchant_id = fans.merchant_id
            and people.user_id = fans.user_id
            and fans.may_contact
    where people.is_over_cap
)

select * from final
order by merchant_id, user_id
