with activity as (
    select * from {{ ref('group_activity') }}
    where merchant_id is not null and state != 'dead'
),

health as (
    select
        *,
        'red' in (survival_colour, activity_colour, conversion_colour, growth_colour) as has_red_axis
    from {{ ref('group_health') }}
),

caused as (
    select
        activity.merchant_id,
        activity.group_id,
        concat_ws(
            ' ',
            case when activity.state = 'dying' then 'silent' end,
            case when health.is_one_way then 'one_way' end,
            case when health.is_active_not_converting then 'nobody_buys' end,
            case when health.has_red_axis then 'red_axis' end
        ) as causes,
        health.health,
        health.weakest_axis,
        health.survival_colour,
        health.activity_colour,
        health.conversion_colour,
        health.growth_colour,
        health.official_share,
        activity.kind,
        activity.state,
        activity.members,
        activity.last_message_date,
        activity.silent_days,
        activity.messages_7d,
        activity.messages_prev_7d
    from activity
    inner join health
        on activity.group_id = health.group_id
),

final as (
    select
        *,
        row_number() over (
            partition by merchant_id
            order by state = 'dying' desc, round(health, 9) asc nulls last, members desc, group_id asc
        ) as rank
    from caused
    where causes != ''
)

select * from final
order by merchant_id, group_id
