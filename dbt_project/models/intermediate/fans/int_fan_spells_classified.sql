-- How each spell of being a fan began: again, by fission (another's share or invite), or directly.
with spells as (
    select * from {{ ref('int_fan_spells_derived') }}
),

shares as (
    select * from {{ ref('int_shares_deduplicated') }}
),

invites as (
    select * from {{ ref('int_invitations_accepted') }}
),

classified as (
    select
        spells.merchant_id,
        spells.user_id,
        spells.spell_number,
        spells.started_date,
        spells.ended_date,
        spells.ended_by,
        case
            when spells.spell_number > 1 then 'regained'
            when shares.user_id != spells.user_id or invites.accepted_at <= spells.started_at then 'fission'
            else 'direct'
        end as won_by
    from spells
    left join shares
        on
            spells.merchant_id = shares.merchant_id
            and spells.started_via_share_id = shares.share_id
    left join invites
        on
            spells.merchant_id = invites.merchant_id
            and spells.user_id = invites.invitee
)

select * from classified
