-- One of each kind, that with the largest figure; then the first three by the priority of the rules.
with rules as (
    select
        rules.tip,
        rules.priority,
        rules.least
    from {{ var('tip_rules') }} as rules (tip, priority, least)
),

chosen as (
    select
        measured.*,
        rules.priority
    from {{ ref('int_tips_measured') }} as measured
    inner join rules
        on
            measured.tip = rules.tip
            and measured.figure >= rules.least
    qualify row_number() over (
        partition by measured.merchant_id, measured.asked_on, measured.tip
        order by measured.figure desc, measured.subject asc
    ) = 1
),

ranked as (
    select
        *,
        row_number() over (partition by merchant_id, asked_on order by priority) as rank
    from chosen
),

final as (
    select
        merchant_id,
        asked_on,
        rank,
        tip,
        '{{ var("tip_rules_version") }}' as rules_version,
        subject,
        subject_name,
        cast(figure as bigint) as figure,
        {{ published_money('amount') }} as amount,
        cast(aim as bigint) as aim,
        cast(if(asked_on < {{ as_of() }}, came, null) as bigint) as came,
        if(asked_on < {{ as_of() }}, came >= aim, null) as is_reached
    from ranked
    where rank <= 3
)

select * from final
order by merchant_id, asked_on, rank
