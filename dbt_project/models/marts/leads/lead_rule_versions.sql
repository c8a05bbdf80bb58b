with rules as (
    select * from {{ ref('lead_rules') }}
),

final as (
    select
        version as ruleset_version,
        rule_id,
        valid_from,
        valid_to,
        attribute,
        value,
        lo,
        hi,
        points,
        half_life_days,
        cap
    from rules
)

select * from final
order by ruleset_version, rule_id
