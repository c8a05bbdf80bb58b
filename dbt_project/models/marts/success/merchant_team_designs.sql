-- Without the region, which may be a person's.
with final as (
    select
        merchant_id,
        size_required,
        benefit_side,
        goal,
        opened_date,
        cast(sum(opened) as bigint) as opened,
        cast(sum(closed) as bigint) as closed,
        cast(sum(formed_organic) as bigint) as formed_organic,
        cast(sum(formed_auto_filled) as bigint) as formed_auto_filled,
        cast(sum(failed) as bigint) as failed,
        cast(sum(open_at_as_of) as bigint) as open_at_as_of,
        cast(sum(members) as bigint) as members,
        cast(sum(new_buyer_members) as bigint) as new_buyer_members
    from {{ ref('team_formation') }}
    group by merchant_id, size_required, benefit_side, goal, opened_date
)

select * from final
order by merchant_id, size_required, benefit_side, goal, opened_date
