-- Who invited a person to a merchant first. They are new if they had neither followed nor ordered there before.
with invitations as (
    select
        merchant_id,
        inviter_id as inviter,
        user_id as invitee,
        event_time as accepted_at,
        event_date as accepted_date
    from {{ ref('stg_shop__invite_accepted') }}
    where inviter_id != user_id
    qualify row_number() over (partition by merchant_id, user_id order by event_time, event_id, event_source) = 1
),

first_spells as (
    select * from {{ ref('int_fan_spells_derived') }}
    where spell_number = 1
)

select
    invitations.merchant_id,
    invitations.inviter,
    invitations.invitee,
    invitations.accepted_at,
    invitations.accepted_date,
    coalesce(first_spells.started_at >= invitations.accepted_at, true) as is_new
from invitations
left join first_spells
    on
        invitations.merchant_id = first_spells.merchant_id
        and invitations.invitee = first_spells.user_id
