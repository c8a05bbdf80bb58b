with final as (
    select
        people.merchant_id,
        people.user_id,
        people.inviter_rank,
        people.invitees,
        people.invitees_new,
        people.invitees_adjusted,
        people.paid_invitees,
        people.invitee_revenue,
        people.matured_invitees,
        people.retained_invitees
    from {{ ref('community_people') }} as people
    inner join {{ ref('fan_contacts') }} as fans
        on
            people.merchant_id = fans.merchant_id
            and people.user_id = fans.user_id
            and fans.may_contact
    where people.inviter_rank is not null
)

select * from final
order by merchant_id, user_id
