-- One row a team: its earliest opening, with the region in which it counts.
with openings as (
    select *
    from {{ ref('stg_group__team_opened') }}
    qualify row_number() over (partition by team_id order by event_time, event_id, event_source) = 1
),

registrations as (
    select * from {{ ref('int_users_registered_periods') }}
),

located as (
    select
        openings.team_id,
        openings.merchant_id,
        openings.leader_id,
        openings.product_id,
        openings.size_required,
        coalesce(openings.benefit_side, 'unknown') as benefit_side,
        coalesce(openings.goal, 'unknown') as goal,
        coalesce(openings.region, registrations.region, 'unknown') as region,
        openings.price,
        openings.via_share_id,
        openings.event_id,
        openings.event_source,
        openings.event_time as opened_at,
        openings.event_date as opened_date,
        openings.expires_at
    from openings
    left join registrations
        on
            openings.leader_id = registrations.user_id
            and openings.event_time >= registrations.valid_from
            and openings.event_time < coalesce(registrations.valid_to, 'infinity')
)

select * from located
