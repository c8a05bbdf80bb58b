with lines as (
    select * from {{ ref('int_lines_unioned') }}
    where fate = 'accepted'
),

final as (
    select
        event_type,
        event_date,
        count(*) as events
    from lines
    group by event_type, event_date
)

select * from final
order by event_type, event_date
