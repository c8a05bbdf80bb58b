with weakest as (
    select
        health.merchant_id,
        health.owner_id as user_id,
        health.group_id,
        health.health,
        health.weakest_axis
    from {{ ref('group_health') }} as health
    where health.merchant_id is not null and health.state != 'dead'
    qualify row_number() over (
        partition by health.merchant_id, health.owner_id
        order by round(health.health, 9) asc nulls last, health.group_id asc
    ) = 1
),

owners as (
    select
        weakest.merchant_id,
        weakest.group_id,
        fans.user_id,
        case
            when people.owner_effect >= {{ var('owner_points') }} then 'carries'
            when people.owner_effect <= -{{ var('owner_points') }} then 'needs_help'
            else 'usual'
        end as verdict,
        people.groups_owned,
        people.groups_alive,
        people.mean_health,
        weakest.health,
        weakest.weakest_axis,
        people.sends_28d,
        people.operator_hours_28d
    from weakest
    inner join {{ ref('community_people') }} as people
        on
            weakest.merchant_id = people.merchant_id
            and weakest.user_id = people.user_id
    left join {{ ref('fan_contacts') }} as fans
        on
            weakest.merchant_id = fans.merchant_id
            and weakest.user_id = fans.user_id
            and fans.may_contact
),

final as (
    select
        *,
        row_number() over (
            partition by merchant_id, verdict
            order by
                case when verdict = 'carries' then -1 else 1 end * round(mean_health, 9) asc nulls last,
                group_id asc
        ) as place
    from owners
)

select * from final
order by merchant_id, group_id
